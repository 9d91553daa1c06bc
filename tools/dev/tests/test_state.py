import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.dev import processes, state
from tools.dev.healing import end_leftovers, only_one
from tools.dev.places import Places
from tools.dev.processes import MARK, Known
from tools.dev.state import State, UnitRecord
from tools.dev.status import NOT_READY, NOT_RUNNING, READY, status

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path)
    made.make()
    service = tmp_path / "services" / "users"
    (service / "migrations").mkdir(parents=True)
    (service / "main.py").write_text("")
    (service / "BUILD").write_text("service(port=8001)")
    return made


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def recorded(supervisor: Known, **units: UnitRecord) -> State:
    return State(
        supervisor=supervisor,
        packaged=False,
        watch=False,
        phase="ready",
        ports={"users.web": 8001, "mail": 8006, "postgres": 8010}
        | {"valkey_queue": 8011, "valkey_cache": 8012},
        units={name.replace("__", "."): unit for name, unit in units.items()},
    )


def gone() -> Known:
    process = subprocess.Popen([sys.executable, "-c", ""])
    known = processes.known(process.pid)
    process.wait()
    return known or Known(process.pid, "long ago")


def myself() -> Known:
    known = processes.known(os.getpid())
    assert known is not None
    return known


def test_what_is_written_is_what_is_read(places: Places) -> None:
    written = recorded(myself(), users__web=UnitRecord("ready", myself(), 2, "why"))

    state.write(places, written)

    assert state.read(places) == written


@pytest.mark.parametrize("text", ["", "{", "[]", '{"units": {}}', '{"supervisor": 3, "units": {}}'])
def test_a_file_that_makes_no_sense_is_no_run(places: Places, text: str) -> None:
    places.state.write_text(text)

    assert state.read(places) is None


def test_a_number_that_another_process_has_got_is_not_ours(places: Places) -> None:
    reused = Known(os.getpid(), "another start")
    state.write(places, recorded(reused, users__web=UnitRecord("ready", reused)))

    assert state.running(places) is None
    assert end_leftovers(places) == 0  # and we live to say so


def test_an_ended_process_is_not_alive_even_before_its_parent_has_looked() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    known = processes.known(process.pid)
    deadline = time.monotonic() + 10
    while known is not None and known.alive:
        assert time.monotonic() < deadline

    assert processes.known(process.pid) is None
    process.wait()


def test_recorded_leftovers_are_ended_and_others_spared(
    places: Places, sleeper: "subprocess.Popen[bytes]"
) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    known = processes.known(left.pid)
    state.write(places, recorded(gone(), users__web=UnitRecord("ready", known)))

    with only_one(places):
        assert end_leftovers(places) == 1

    assert left.wait(5) == -signal.SIGTERM
    assert sleeper.poll() is None


def test_leftovers_that_nobody_recorded_are_known_by_their_mark(places: Places) -> None:
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"],
        env={**os.environ, MARK: str(places.root)},
        stdout=subprocess.PIPE,
    )
    assert left.stdout is not None
    left.stdout.readline()
    left.stdout.close()

    with only_one(places):
        assert end_leftovers(places) == 1

    assert left.wait(5) == -signal.SIGTERM


def test_a_process_that_ignores_the_request_is_killed_with_its_children() -> None:
    command = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {STUBBORN!r}])\n"
    stubborn = subprocess.Popen([sys.executable, "-c", command + STUBBORN])
    known = processes.known(stubborn.pid)
    assert known is not None
    time.sleep(0.5)

    processes.end([known], signal.SIGTERM, patience_s=0.3)

    assert not known.alive
    assert stubborn.wait(5) in (-signal.SIGKILL, -signal.SIGTERM)


def test_status_of_a_checkout_where_nothing_runs(places: Places) -> None:
    found, code = status(places)

    assert code == NOT_RUNNING
    assert found["services"] == {
        "users": {
            "url": "http://127.0.0.1:8001",
            "state": "stopped",
            "pids": {"web": None, "worker": None},
        }
    }
    assert found["mail"] == {"url": "http://127.0.0.1:8006", "state": "stopped", "pid": None}
    assert set(found) == {"services", "mail", "postgres", "valkey_queue", "valkey_cache"}
    json.dumps(found)


def test_status_is_ready_when_every_process_lives(places: Places) -> None:
    alive = UnitRecord("ready", myself())
    state.write(places, recorded(myself(), postgres=alive, valkey_queue=alive))

    assert status(places)[1] == READY


def test_status_does_not_believe_that_a_dead_process_is_ready(places: Places) -> None:
    dead = UnitRecord("ready", gone())
    state.write(places, recorded(myself(), postgres=dead))

    found, code = status(places)

    assert code == NOT_READY
    assert found["postgres"] == {
        "url": "postgresql://127.0.0.1:8010",
        "state": "failed",
        "pid": None,
    }


def test_status_does_not_believe_that_a_silent_service_is_ready(places: Places) -> None:
    now = recorded(myself(), users__web=UnitRecord("ready", myself()))
    state.write(places, State(**{**vars(now), "ports": {**now.ports, "users.web": 9}}))

    found, code = status(places)

    assert code == NOT_READY
    services = found["services"]
    assert isinstance(services, dict)
    assert services["users"]["state"] == "failed"
