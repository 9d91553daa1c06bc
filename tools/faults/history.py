"""What the customers were told: written down as it happens, read when it is judged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Said = Literal["ok", "failed", "unknown"]
"""Ok: what was asked for is done, or was refused as the contract says. Failed: it was certainly not
done. Unknown: nobody can tell from the answer, or there was none."""

Phase = Literal["calm", "setting up", "fault", "after"]


@dataclass(frozen=True, slots=True)
class Told:
    """One exchange. `at` is the monotonic clock when it began. `status` 0: no answer."""

    at: float
    took_s: float
    phase: Phase
    customer: int
    step: str
    needs: frozenset[str]
    said: Said
    status: int
    why: str = ""


@dataclass(slots=True)
class Wish:
    """An order as its customer knows it: `order_id` is known from its key before anybody answers.
    `said` is what they know by now about whether it was placed, of all attempts: failed, when none
    can have begun anything, and unknown for good once one of them was `unsure` and nothing told
    better; `seen` each state that they saw it in, in this order, without repeats."""

    order_id: str
    key: str
    user_id: str
    email: str
    card: str
    lines: tuple[tuple[str, int], ...]
    round: int
    said: Said = "unknown"
    unsure: bool = False
    placed: bool = False
    refused: str = ""
    seen: tuple[str, ...] = ()
    asked_to_cancel: bool = False
    told_cancelled: bool = False
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class Registration:
    """An account that somebody asked for."""

    email: str
    name: str
    round: int
    said: Said = "unknown"
    user_id: str = ""


class History:
    """Of one run. Safe to write from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: list[Told] = []
        self.wishes: dict[str, Wish] = {}
        self.registrations: dict[str, Registration] = {}
        self.unreadable: list[str] = []
        """Answers that said "done" or "refused" by their status, and nothing that could be read."""
        self.phase: Phase = "calm"
        self.round = 0
        self._round_began = 0
        self.injected_at = 0.0

    def note(self, told: Told) -> None:
        with self._lock:
            self._told.append(told)

    def wish(self, wish: Wish) -> None:
        with self._lock:
            self.wishes[wish.order_id] = wish

    def register(self, registration: Registration) -> None:
        with self._lock:
            self.registrations[registration.email] = registration

    def cannot_read(self, sentence: str) -> None:
        with self._lock:
            self.unreadable.append(sentence)

    def next_round(self) -> int:
        """From now on, everything belongs to another fault."""
        with self._lock:
            self.round += 1
            self._round_began = len(self._told)
            self.phase = "calm"
            self.injected_at = 0.0
            return self.round

    def begin(self, phase: Phase) -> None:
        if phase == "fault":
            self.injected_at = time.monotonic()
        self.phase = phase

    def told(self, *phases: Phase) -> list[Told]:
        """This round's exchanges in the order in which they ended, of these phases or of all."""
        with self._lock:
            told = self._told[self._round_began :]
        return [each for each in told if not phases or each.phase in phases]

    def orders(self) -> Iterator[Wish]:
        """This round's."""
        return (wish for wish in list(self.wishes.values()) if wish.round == self.round)


def p95_s(told: Iterable[Told]) -> float:
    """Of the seconds that they took; 0 for none."""
    return quantile([each.took_s for each in told], 0.95)


def quantile(values: list[float], part: float) -> float:
    """The value that so many of them do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
