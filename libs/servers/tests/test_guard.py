"""A program that starts servers may be killed at any moment; its servers must not stay."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from libs.servers import Valkey

PROGRAM = """
import sys, time
from libs.servers import Postgres, Valkey
pg, valkey = Postgres(durable=False).start(), Valkey().start()
print(pg.pid, valkey.pid, pg._data, valkey._data, flush=True)
time.sleep(60)
"""


def test_a_killed_program_leaves_no_server_and_no_folder() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert program.stdout is not None
    postgres, valkey, *folders = program.stdout.readline().split()
    pids = [int(postgres), int(valkey)]
    pids += [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
    guards = [psutil.Process(pid).ppid() for pid in pids[:2]]
    assert all(Path(folder).exists() for folder in folders)

    program.kill()
    program.wait()
    program.stdout.close()

    ends = time.monotonic() + 20
    while any(map(psutil.pid_exists, pids + guards)) or any(Path(f).exists() for f in folders):
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process of its parent's end"
)
def test_a_killed_guard_takes_its_server_along() -> None:
    server = Valkey().start()
    guard = psutil.Process(server.pid).parent()
    assert guard is not None

    guard.send_signal(signal.SIGKILL)

    ends = time.monotonic() + 10
    while psutil.pid_exists(server.pid):
        assert time.monotonic() < ends
        time.sleep(0.02)
    assert not server.alive


def test_a_forked_child_does_not_stop_its_parents_server() -> None:
    with Valkey() as server:
        child = os.fork()
        if child == 0:
            server.stop()
            os._exit(0)

        os.waitpid(child, 0)

        assert server.alive
