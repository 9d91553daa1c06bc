"""Work that was under way when a process ended: one of it may have ended the process.

Which one, nobody can tell. Were all of it begun at once again, the guilty would take the innocent along
each time, and all be parked after the third. So it is done one at a time, and no attempt is counted
until its turn has come: then only the guilty dies of itself.

Jobs and the first events of lanes take turns each among themselves: a job may wait for somebody else's
answer, and no lane waits for that. An event is a short transaction in our own database, so one
that is innocent is hardly under way at each of the three moments in which a guilty job strikes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Kind = Literal["job", "event"]


class Suspects:
    """The turns of one process."""

    def __init__(self) -> None:
        self._turns: dict[Kind, threading.Lock] = {
            "job": threading.Lock(),
            "event": threading.Lock(),
        }

    @contextmanager
    def alone(self, patience_s: float, *, kind: Kind = "job") -> Iterator[bool]:
        """Whether the turn came in time; no other of its kind has it until the block ends."""
        turn = self._turns[kind]
        has_turn = turn.acquire(timeout=patience_s)
        try:
            yield has_turn
        finally:
            if has_turn:
                turn.release()
