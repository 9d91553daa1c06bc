"""A small process between a program and the server that it started.

It starts the server, stops it when asked to (SIGTERM) and also when the program is gone, killed
with -9 included. It runs by its path and knows nothing but the standard library, because it
outlives whatever environment the program had.
"""

import argparse
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Steps = Sequence[tuple[signal.Signals, float]]
"""Signals to send in order, each with the seconds that the process gets to obey."""

_PARENT_POLL_S = 0.25
_PR_SET_PDEATHSIG = 1


def end(process: "subprocess.Popen[bytes]", steps: Steps) -> None:
    """Stops a process of ours, politely first; returns when it is gone."""
    for number, patience_s in steps:
        process.send_signal(number)  # a no-op once it was waited for
        try:
            process.wait(patience_s)
            return
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()


def spelt(steps: Steps) -> str:
    """The steps as one argument: `SIGINT:20,SIGQUIT:5`."""
    return ",".join(f"{number.name}:{patience_s:g}" for number, patience_s in steps)


def _parsed(text: str) -> Steps:
    pairs = (part.split(":") for part in text.split(","))
    return [(signal.Signals[name], float(patience)) for name, patience in pairs]


def _dies_with_this_process(number: signal.Signals) -> Callable[[], None] | None:
    """Linux sends the signal should even the guard be killed; elsewhere the guard must do."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, int(number))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--steps", type=_parsed, required=True)
    parser.add_argument("--remove", type=Path)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("command", nargs="+")
    said = parser.parse_args(arguments)

    asked_to_stop = False

    def note(number: int, _frame: object) -> None:
        nonlocal asked_to_stop
        asked_to_stop = asked_to_stop or number != signal.SIGCHLD

    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, note)

    child = subprocess.Popen(
        said.command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,  # the log; our own stdout only tells the parent the pid
        user=said.uid,
        group=said.gid,
        extra_groups=[] if said.uid is not None else None,
        # After setuid, which would clear it. Safe: no thread runs in here.
        preexec_fn=_dies_with_this_process(said.steps[0][0]),  # noqa: PLW1509
    )
    try:
        os.write(1, f"{child.pid}\n".encode())
        os.close(1)
    except OSError:
        pass  # the parent is gone already: the loop sees it
    while child.poll() is None:
        if asked_to_stop or os.getppid() != said.parent:
            end(child, said.steps)
            break
        select.select([awake], [], [], _PARENT_POLL_S)
        try:
            os.read(awake, 4096)
        except BlockingIOError:
            pass
    if said.remove is not None and (asked_to_stop or os.getppid() != said.parent):
        shutil.rmtree(said.remove, ignore_errors=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
