"""Threads that do not end by themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_SILENT_S = 60.0  # no step takes as long: statements end after 2 s, calls at their deadline


class Loop:
    """A thread that repeats `step` until it is stopped. The step says after how many seconds it
    wants to be repeated; `wake` does it at once.

    Whatever a step raises is logged, and the loop goes on after a pause that grows to 5 s.
    """

    def __init__(self, name: str, step: Callable[[], float]) -> None:
        self.name = name
        self.stopping = threading.Event()
        self._step = step
        self._woken = threading.Event()
        self._failures = 0
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._beat = time.monotonic()
        self._thread.start()

    def wake(self) -> None:
        """Have the next step done now, or right after the one under way."""
        self._woken.set()

    def stop(self) -> None:
        """Begin no other step. Returns at once; `join` waits for the step under way."""
        self.stopping.set()
        self._woken.set()

    def join(self, timeout_s: float) -> bool:
        """Whether the thread has ended within the time."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    @property
    def ailment(self) -> str | None:
        """What is wrong with the thread, if anything is."""
        if not self._thread.is_alive():
            return f"{self.name} does not run"
        silent_s = time.monotonic() - self._beat
        return f"{self.name} is silent for {silent_s:.0f} s" if silent_s > _SILENT_S else None

    def _run(self) -> None:
        while not self.stopping.is_set():
            # Cleared before the step: who wakes us during it has news that it may have missed.
            self._woken.clear()
            try:
                pause_s = self._step()
                self._failures = 0
            except Unavailable as error:
                pause_s = self._pause_s()
                log.warning("loop_waits", loop=self.name, why=str(error), pause_s=pause_s)
            except BaseException:
                # Even SystemExit: raised in a thread it would end that thread without a word.
                pause_s = self._pause_s()
                log.exception("loop_failed", loop=self.name, pause_s=pause_s)
            self._beat = time.monotonic()
            if pause_s > 0 and not self.stopping.is_set():
                self._woken.wait(pause_s)

    def _pause_s(self) -> float:
        self._failures += 1
        return min(_FIRST_PAUSE_S * 2.0 ** (self._failures - 1), _LONGEST_PAUSE_S)


def stop_all(loops: Sequence[Loop], timeout_s: float) -> list[str]:
    """Stop them together; the names of those that have not ended in time."""
    ends = time.monotonic() + timeout_s
    for loop in loops:
        loop.stop()
    return [loop.name for loop in loops if not loop.join(ends - time.monotonic())]
