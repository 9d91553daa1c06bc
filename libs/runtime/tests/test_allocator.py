"""Memory that is free goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What a wave of log-ins does: each thread needs 19 MiB for a while.
WAVE = """
import threading
from libs.runtime.allocator import give_memory_back
{prepare}
def check():
    for _ in range(5):
        block = bytearray(19 * 1024 * 1024)
        small = [bytearray(600) for _ in range(200)]
        del block
        held.append(small)
held = []
threads = [threading.Thread(target=check) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with open("/proc/self/statm") as statm:
    print(int(statm.read().split()[1]) * 4096 // 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc and glibc")
def test_a_wave_of_log_ins_leaves_no_memory_behind() -> None:
    kept_mb = resident_mb("")

    given_back_mb = resident_mb("give_memory_back()")

    assert given_back_mb < kept_mb - 19


def resident_mb(prepare: str) -> int:
    command = [sys.executable, "-c", WAVE.format(prepare=prepare)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
