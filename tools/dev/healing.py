"""Ends what a run left behind, whoever killed it, and nothing that is not its own."""

import contextlib
import fcntl
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

from tools.dev import processes, state
from tools.dev.errors import Busy
from tools.dev.places import Places
from tools.dev.processes import Known
from tools.dev.state import UnitRecord

SERVERS = ("mail", "provider", "valkey_queue", "valkey_cache", "postgres")
_PATIENCE_S = 12.0


@contextlib.contextmanager
def only_one(places: Places, patience_s: float = 60) -> Iterator[None]:
    """Held by who may change what runs in this checkout; the kernel frees it when that one dies."""
    with places.lock.open("w") as opened:
        ends = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > ends or state.running(places) is not None:
                    raise Busy(
                        "another ./dev is at work in this checkout; see ./dev status"
                    ) from None
                time.sleep(0.05)
        yield


def end_leftovers(places: Places) -> int:
    """Ends the processes of a run whose supervisor is gone; returns how many there were.

    Call it under `only_one`. Services go before the servers that they use."""
    last = state.read(places)
    recorded = {name: unit.process for name, unit in last.units.items()} if last else {}
    services = [known for name, known in recorded.items() if known and name not in SERVERS]
    services += [known for known in processes.marked(places.mark) if known not in services]
    servers = [known for name in SERVERS if (known := recorded.get(name))]
    services = [known for known in services if known not in servers]
    left = [known for known in {*services, *servers} if known.alive]
    processes.end(services, signal.SIGTERM, _PATIENCE_S)
    for name in SERVERS:
        if known := recorded.get(name):
            processes.end([known], _polite(name), _PATIENCE_S)
    if last is not None:
        quiet = {name: UnitRecord() for name in last.units}
        state.write(places, replace(last, phase="stopping", units=quiet))
    shutil.rmtree(places.run, ignore_errors=True)
    places.run.mkdir(mode=0o700, exist_ok=True)
    return len(left)


def end_supervisor(places: Places, supervisor: Known, patience_s: float = 60) -> None:
    """Asks the supervisor to end everything; kills it when it doesn't, and ends the rest."""
    processes.end([supervisor], signal.SIGTERM, patience_s)
    with only_one(places):
        end_leftovers(places)


def _polite(server: str) -> signal.Signals:
    """PostgreSQL waits for its clients on SIGTERM; SIGINT is its quick and clean end."""
    return signal.SIGINT if server == "postgres" else signal.SIGTERM
