"""Which services of this checkout were built against which page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from libs.web.uses import uses


def services(root: Path) -> tuple[str, ...]:
    """The services of the checkout, sorted."""
    return tuple(sorted(path.parent.name for path in root.glob("services/*/main.py")))


def knowing(root: Path) -> Mapping[str, frozenset[str]]:
    """For each contract (`orders/v1`) the services of the checkout that were built against it, whoever keeps
    it aside; all of them for the language."""
    found: dict[str, set[str]] = {}
    names = services(root)
    for service in names:
        for page in uses(root / "services" / service):
            owner, version = page.split(".")[1:3]
            if owner != service:
                found.setdefault(f"{owner}/{version}", set()).add(service)
    for page in ("chassis", "feed", "forms"):
        found[f"core/{page}"] = set(names)
    return {contract: frozenset(services) for contract, services in found.items()}
