"""Work that was under way when a process ended: one of it may have ended the process.

Which one, nobody can tell. Were all of it begun at once again, the guilty would take the innocent along
each time, and all be parked after the third. So it is done one at a time, and no attempt is counted
until its turn has come: then only the guilty dies of itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Suspects:
    """The turns of one process."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    @contextmanager
    def alone(self, patience_s: float) -> Iterator[bool]:
        """Whether the turn came in time; nobody else has it until the block ends."""
        has_turn = self._turn.acquire(timeout=patience_s)
        try:
            yield has_turn
        finally:
            if has_turn:
                self._turn.release()
