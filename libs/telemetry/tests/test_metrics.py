"""Metrics of several processes, in processes of their own: the switch is for a whole program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WORLD = """
import os, pathlib, sys
from libs.telemetry.shared_metrics import share_between_processes
share_between_processes(pathlib.Path(sys.argv[1]))
from libs.telemetry.metrics import counter, exposition, gauge, process_died
calls, depth = counter("calls_total", "x", ("op",)), gauge("depth", "x")

def child(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    os.waitpid(pid, 0)
    return pid

def shown(name):
    lines = exposition()[1].decode().splitlines()
    return [line for line in lines if line.startswith(name)]
"""


def run(folder: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WORLD + code, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_counters_are_summed_over_processes_and_outlive_them(tmp_path: Path) -> None:
    out = run(
        tmp_path,
        "calls.labels('a').inc()\n"
        "for _ in range(3): process_died(child(lambda: calls.labels('a').inc(2)))\n"
        "print(shown('calls_total'))",
    )

    assert out == "['calls_total{op=\"a\"} 7.0']"


def test_a_gauge_shows_the_largest_of_the_living(tmp_path: Path) -> None:
    out = run(
        tmp_path,
        "depth.set(1)\n"
        "dead = child(lambda: depth.set(9)); print(shown('depth'))\n"
        "process_died(dead); print(shown('depth'))",
    )

    assert out == "['depth 9.0']\n['depth 1.0']"


def test_a_new_start_begins_at_zero(tmp_path: Path) -> None:
    run(tmp_path, "calls.labels('a').inc(5)")

    assert run(tmp_path, "print(shown('calls_total'))") == "[]"


def test_sharing_too_late_is_refused(tmp_path: Path) -> None:
    code = "share_between_processes(pathlib.Path(sys.argv[1]))"

    with pytest.raises(subprocess.CalledProcessError) as failed:
        run(tmp_path, code)

    assert "share metrics before" in failed.value.stderr
