"""A memory for keyed requests without a database, for fakes and for tests of dispatch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

from contracts.core.chassis import KeyTaken, StillInFlight
from libs.operations.envelope import Reply
from libs.operations.repeats import Asked, Claim


@dataclass
class _Kept:
    fingerprint: bytes
    number: int
    leased_until: float
    reply: Reply | None = None


class RememberedRepeats:
    """As of libs.operations.repeats.Repeats, in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[tuple[str, str, str], _Kept] = {}

    def claim(self, asked: Asked, lease_s: float) -> Claim | Reply:
        """As of Repeats."""
        now = time.monotonic()
        with self._lock:
            name = asked.operation, asked.caller, asked.key
            kept = self._kept.setdefault(name, _Kept(asked.fingerprint, 0, now))
            if kept.fingerprint != asked.fingerprint:
                raise KeyTaken
            if kept.reply is not None:
                return kept.reply
            if kept.leased_until > now:
                raise StillInFlight
            kept.number, kept.leased_until = kept.number + 1, now + lease_s
            return Claim(asked, kept.number)

    def finish(self, claim: Claim, reply: Reply) -> bool:
        """As of Repeats."""
        with self._lock:
            kept = self._of(claim)
            if kept.number != claim.number or kept.reply is not None:
                return False
            kept.reply = reply
            return True

    def release(self, claim: Claim) -> None:
        """As of Repeats."""
        with self._lock:
            kept = self._of(claim)
            if kept.number == claim.number:
                kept.leased_until = time.monotonic()

    def _of(self, claim: Claim) -> _Kept:
        asked = claim.asked
        return self._kept[asked.operation, asked.caller, asked.key]
