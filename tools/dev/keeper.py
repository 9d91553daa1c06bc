"""Keeps one unit running: starts it in its turn, sees that it gets ready, starts it again."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Literal

from libs.servers import ServerFailed
from tools.dev import processes
from tools.dev.processes import Known
from tools.dev.state import UnitRecord, UnitState
from tools.dev.units import Unit

_POLL_S = 0.05
_WATCH_S = 0.2
_READY_S = 60.0
_BACKOFF_S = (0.2, 1.0, 2.0, 4.0, 8.0, 15.0)
# So long ready, and its former failures are forgiven.
_STABLE_S = 30.0

NEVER_READY = "it ended before it was ready"

Happening = Literal["ready", "again", "failed"]
"""Ready for the first time, ready once more, or ended (or not ready in time)."""


class Keeper:
    """One thread for one unit, from `start` until `stop`."""

    def __init__(
        self,
        name: str,
        unit: Unit,
        *,
        after: Iterable[threading.Event] = (),
        record: Callable[[str, UnitRecord], None],
        tell: Callable[[str, Happening, float, str], None],
    ) -> None:
        self.name = name
        self.ready = threading.Event()
        self.failures = 0
        self._unit = unit
        self._after = tuple(after)
        self._record = record
        self._tell = tell
        self._ending = threading.Event()
        self._wanted_anew = threading.Event()
        self._may_run = threading.Event()
        self._may_run.set()
        self._known: Known | None = None
        self._restarts = 0
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)

    def start(self) -> None:
        self._note("starting")
        self._thread.start()

    def restart(self) -> None:
        """Asks for a fresh start now, also of a unit that waits after a failure."""
        self._wanted_anew.set()

    def hold(self) -> None:
        """Once it has ended, however that came, it stays so until `release`."""
        self._may_run.clear()

    def release(self) -> None:
        """It may run again, and does so at once if it has ended."""
        self.failures = 0  # of whoever was killed on purpose
        self._may_run.set()

    @property
    def process(self) -> Known | None:
        """The one that runs, or ran last."""
        return self._known

    def stop(self) -> None:
        """Asks it to end; `join` waits for that."""
        self._ending.set()

    def join(self) -> None:
        self._thread.join()

    def _keep(self) -> None:
        try:
            if all(self._come(event) for event in self._after):
                while not self._ending.is_set():
                    if self._come(self._may_run):
                        self._once()
        finally:
            self._unit.stop()
            self._known = None
            self._note("stopped")

    def _come(self, event: threading.Event) -> bool:
        while not event.wait(_WATCH_S):
            if self._ending.is_set():
                return False
        return not self._ending.is_set()

    def _once(self) -> None:
        """One life of the unit, from its start to its end and the pause after it."""
        began = time.monotonic()
        self._wanted_anew.clear()
        self._note("starting")
        why = self._begin()
        if not why and not self._disturbed():
            self._note("ready")
            self._tell(self.name, "again" if self.ready.is_set() else "ready", _since(began), "")
            self.ready.set()
            since = time.monotonic()
            while self._unit.alive() and not self._disturbed():
                self._wanted_anew.wait(_WATCH_S)
            if _since(since) > _STABLE_S:
                self.failures = 0
            why = "it ended"
        if self._disturbed():
            self.failures = 0
            self._unit.stop()
            return
        self.failures = failures = self.failures + 1
        self._restarts += 1
        self._unit.stop()
        self._note("failed", why)
        pause_s = _BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1]
        self._tell(self.name, "failed", pause_s, why)
        ends = time.monotonic() + pause_s
        while time.monotonic() < ends and self._may_run.is_set() and not self._disturbed():
            self._wanted_anew.wait(_POLL_S)

    def _begin(self) -> str:
        """Starts the unit and waits until it is ready; says why it is not."""
        try:
            self._unit.start(self._spawned)
        except (ServerFailed, OSError) as error:
            return str(error)
        ends = time.monotonic() + _READY_S
        while not self._unit.is_ready():
            if not self._unit.alive():
                return NEVER_READY
            if self._disturbed():
                return ""
            if time.monotonic() > ends:
                return f"it is not ready after {_READY_S:g} s"
            time.sleep(_POLL_S)
        return ""

    def _spawned(self, pid: int) -> None:
        self._known = processes.known(pid)
        self._note("starting")

    def _disturbed(self) -> bool:
        return self._ending.is_set() or self._wanted_anew.is_set()

    def _note(self, state: UnitState, why: str = "") -> None:
        known = self._known if state in ("starting", "ready") else None
        self._record(self.name, UnitRecord(state, known, self._restarts, why))


def _since(began: float) -> float:
    return time.monotonic() - began
