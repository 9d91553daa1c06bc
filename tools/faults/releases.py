"""The next release of the contracts, so that a unit can run a version ahead of its neighbours.

All that this release adds is what contracts may add without asking anybody: optional fields, a value
of an open enum, a type of events. What it adds is really sent: new values, not only new classes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

NEW_EVENT = "orders.order_packed.v1"
"""A type of events that the next release publishes and this one has never heard of."""

NEW_FIELDS: Mapping[str, str] = {"orders": "gift", "payments": "network"}
"""Of events: by these services, and only in the next release."""

NEW_IN_PRODUCTS = "weight_g"
"""Of catalog's answers."""

_ORDERS = (
    (
        '    TOOK_TOO_LONG = "took_too_long"\n',
        '    TOOK_TOO_LONG = "took_too_long"\n    CHANGED_MIND = "changed_mind"\n',
    ),
    # The next release tells apart what was one reason so far.
    (
        "    user_id: UserId\n    reason: Reason\n",
        "    user_id: UserId\n    reason: Reason\n    asked_by: str = 'the customer'\n\n"
        "    @field_serializer('reason')\n"
        "    def _told_apart(self, reason: Reason) -> str:\n"
        "        return 'changed_mind' if reason is Reason.BY_CUSTOMER else reason.value\n",
    ),
    (
        "    detail: str | None = None\n\n\nclass LineUnavailable",
        "    detail: str | None = None\n    points: int = 7\n\n\nclass LineUnavailable",
    ),
    (
        "    total: Money\n    payment_method: PaymentMethod\n",
        "    total: Money\n    payment_method: PaymentMethod\n    gift: bool = True\n",
    ),
    ("import Field, StringConstraints", "import Field, StringConstraints, field_serializer"),
)
_PAYMENTS = (
    (
        "    order_id: OrderId\n    amount: Money\n\n\nclass PaymentDeclined",
        "    order_id: OrderId\n    amount: Money\n    network: str = 'card'\n\n\nclass PaymentDeclined",
    ),
)
_CATALOG = (
    (
        "    units_left: Units\n\n\nclass NoSuchProduct",
        "    units_left: Units\n    weight_g: int = 300\n\n\nclass NoSuchProduct",
    ),
    ("    expires_at: Timestamp\n", "    expires_at: Timestamp\n    warehouse: str = 'north'\n"),
)
_EDITS = {"orders": _ORDERS, "payments": _PAYMENTS, "catalog": _CATALOG}


def next_release(root: Path, folder: Path) -> Path:
    """`folder` with the contracts of the next release; the other pages are those of `root`. Raises
    LookupError when a page has changed so much that an edit finds no place."""
    for name, edits in _EDITS.items():
        source = root / "contracts" / name
        page = (source / "v1.py").read_text(encoding="utf-8")
        for old, new in edits:
            if page.count(old) != 1:
                raise LookupError(f"contracts/{name}/v1.py no longer holds, once: {old!r}")
            page = page.replace(old, new)
        copy = folder / "contracts" / name
        copy.mkdir(parents=True, exist_ok=True)
        (copy / "__init__.py").write_text((source / "__init__.py").read_text(encoding="utf-8"))
        (copy / "v1.py").write_text(page, encoding="utf-8")
    return folder


def running(release: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What a program is told that shall run that release."""
    usual = environment.get("PYTHONPATH", "")
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join([str(release), *([usual] if usual else [])]),
        # Else the working folder, which holds the present contracts, would come first.
        "PYTHONSAFEPATH": "1",
    }
