"""Processes of ours, known by pid and start so that a reused number is never mistaken for one."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

# Set in the environment of everything that `./dev` starts; its value is the checkout, or the folder
# of a run of its own (Places.mark).
MARK = "CONCORD_DEV_CHECKOUT"


@dataclass(frozen=True)
class Known:
    """A process at one time: the number, and when the kernel says that it began."""

    pid: int
    began: str

    @property
    def alive(self) -> bool:
        return _began(self.pid) == self.began

    def process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
        except psutil.NoSuchProcess:
            return None
        return process if self.alive else None


def known(pid: int) -> Known | None:
    """The process that has this number now; None if there is none or it has ended."""
    began = _began(pid)
    return Known(pid, began) if began else None


def _began(pid: int) -> str | None:
    try:
        # Ticks since this boot: unlike a wall-clock time they don't move when the clock is set.
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *fields = text.rpartition(")")[2].split()
        return None if state in "ZX" else f"{_boot()}:{fields[18]}"
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        process = psutil.Process(pid)
        gone = process.status() == psutil.STATUS_ZOMBIE
        return None if gone else f"{process.create_time():.0f}"
    except psutil.NoSuchProcess:
        return None


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]


def marked(mark: Path) -> list[Known]:
    """Processes that carry this mark, besides the present one and its ancestors."""
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid in spared or process.environ().get(MARK) != str(mark):
                continue
            if same := known(process.pid):
                found.append(same)
    return found


def end(
    processes: Iterable[Known],
    number: signal.Signals,
    patience_s: float,
    hurry: threading.Event | None = None,
) -> None:
    """Asks the processes to end, waits, then kills what is left of them and their children.

    `hurry`, once set, ends the patience."""
    chosen = [process for process in processes if process.alive]
    families = {process: _family(process) for process in chosen}
    for process in chosen:
        _send(process, number)
    everybody = set(chosen).union(*families.values()) if chosen else set()
    ends = time.monotonic() + patience_s
    while any(process.alive for process in everybody) and time.monotonic() < ends:
        if hurry is not None and hurry.is_set():
            break
        time.sleep(0.02)
    for process in everybody:
        _send(process, signal.SIGKILL)
    ends = time.monotonic() + 5
    while any(process.alive for process in everybody) and time.monotonic() < ends:
        time.sleep(0.02)


def _family(process: Known) -> list[Known]:
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [same for child in children if (same := known(child.pid))]


def _send(process: Known, number: signal.Signals) -> None:
    if process.alive:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)
