"""The ledger: every wish that was granted or declined, under its key, in a file that loses none.

A key stands for one wish. Asked again, it gets the first answer; with another wish it is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Kind = Literal["capture", "decline", "refund"]

# The names are Stripe's, for its test cards.
_DECLINES = {
    "pm_card_chargeDeclined": "Your card was declined.",
    "pm_card_visa_chargeDeclined": "Your card was declined.",
    "pm_card_chargeDeclinedInsufficientFunds": "Your card has insufficient funds.",
    "pm_card_chargeDeclinedExpiredCard": "Your card has expired.",
}
_CARDS = {"pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_visa_debit"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `wish` is the fingerprint of what was asked; `of` is the capture that
    a refund gives back."""

    kind: Kind
    key: str
    order_id: str
    cents: int
    currency: str
    reference: str
    at: str
    wish: str
    payment_method: str = ""
    reason: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish is none that could be granted; `status` is HTTP's."""

    status: int
    reason: str


class Ledger:
    """Captures and refunds; safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}  # by key
        self._captures: dict[str, Entry] = {}  # by reference
        self._refunded: set[str] = set()  # their references
        self.version = 0
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._load()

    def capture(
        self, key: str, *, order_id: str, cents: int, currency: str, payment_method: str
    ) -> tuple[Entry | Refusal, bool]:
        """What came of it, and whether it is new. It is on the disk before this returns."""
        wish = _fingerprint("capture", order_id, cents, currency, payment_method)
        with self._lock:
            if known := self._known(key, wish):
                return known, False
            reason = _DECLINES.get(payment_method, "")
            if not reason and payment_method not in _CARDS:
                reason = f"There is no payment method {payment_method}."
            entry = Entry(
                kind="decline" if reason else "capture",
                key=key,
                order_id=order_id,
                cents=cents,
                currency=currency,
                reference=_name("pi"),
                at=_now(),
                wish=wish,
                payment_method=payment_method,
                reason=reason,
            )
            return self._write(entry), True

    def refund(
        self, key: str, *, order_id: str, cents: int, currency: str, capture: str
    ) -> tuple[Entry | Refusal, bool]:
        """As `capture`. The whole capture is given back, once."""
        wish = _fingerprint("refund", order_id, cents, currency, capture)
        with self._lock:
            if known := self._known(key, wish):
                return known, False
            of = self._captures.get(capture)
            if of is None:
                return Refusal(404, f"there is no capture {capture}"), False
            if (of.cents, of.currency) != (cents, currency):
                return Refusal(400, f"{capture} was {of.cents} {of.currency}"), False
            if capture in self._refunded:
                return Refusal(409, f"{capture} was refunded before, under another key"), False
            entry = Entry(
                kind="refund",
                key=key,
                order_id=order_id,
                cents=cents,
                currency=currency,
                reference=_name("re"),
                at=_now(),
                wish=wish,
                of=capture,
            )
            return self._write(entry), True

    def entries(self) -> list[Entry]:
        """All of them, in the order in which they were written."""
        with self._lock:
            return list(self._entries.values())

    def _known(self, key: str, wish: str) -> Entry | Refusal | None:
        known = self._entries.get(key)
        if known is not None and known.wish != wish:
            return Refusal(422, f"the key {key} was used for another wish")
        return known

    def _write(self, entry: Entry) -> Entry:
        self._opened.write(json.dumps(asdict(entry)) + "\n")
        self._opened.flush()
        os.fsync(self._opened.fileno())
        self._remember(entry)
        self.version += 1
        return entry

    def _remember(self, entry: Entry) -> None:
        self._entries[entry.key] = entry
        if entry.kind == "capture":
            self._captures[entry.reference] = entry
        elif entry.kind == "refund":
            self._refunded.add(entry.of)

    def _load(self) -> None:
        whole = b""
        if self._file.exists():
            for line in self._file.read_bytes().splitlines(keepends=True):
                try:
                    entry = Entry(**json.loads(line))
                except (ValueError, TypeError):
                    continue  # the last line of a killed process: it was never answered
                if line.endswith(b"\n"):
                    self._remember(entry)
                    whole += line
        # Half a line must not run into the next one.
        new = self._file.with_suffix(".new")
        with new.open("wb") as opened:
            opened.write(whole)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(self._file)
        self._opened = self._file.open("a", encoding="utf-8")


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _name(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
