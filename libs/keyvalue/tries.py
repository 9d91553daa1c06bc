"""Tries of names, counted in the memory of one process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

# To have one forgotten by trying others, somebody would have to check as many passwords, which takes
# longer than a window.
MOST_NAMES = 10_000


class Tries:
    """Counts in windows that begin with a name's first try. Names beyond `most_names` push out those
    whose windows began first."""

    def __init__(
        self, window_s: float, clock: Callable[[], float], *, most_names: int = MOST_NAMES
    ) -> None:
        self._window_s = window_s
        self._clock = clock
        self._most_names = most_names
        self._lock = Lock()
        # In the order in which they end, for all windows are equally long.
        self._names: dict[str, tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def count(self, name: str) -> tuple[int, float]:
        """One more; how many in this window, and how many seconds it still lasts."""
        with self._lock:
            now = self._clock()
            self._clean(now)
            tries, ends = self._names.get(name, (0, now + self._window_s))
            self._names[name] = tries + 1, ends
            return tries + 1, ends - now

    def forget(self, name: str) -> None:
        """Begin anew for this name."""
        with self._lock:
            self._names.pop(name, None)

    def _clean(self, now: float) -> None:
        while self._names:
            oldest = next(iter(self._names))
            if self._names[oldest][1] > now and len(self._names) < self._most_names:
                return
            del self._names[oldest]
