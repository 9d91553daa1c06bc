"""Programs of ours: started, awaited, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60.0


def module(name: str, *options: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """A module of ours as a program; what it prints is not kept."""
    command = [sys.executable, "-m", name, *options]
    return subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)


def ours() -> dict[str, str]:
    """The environment of all our programs."""
    # As on a developer's machine: what was compiled once is not compiled again.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(ROOT)}


def until_ok(url: str, process: subprocess.Popen[bytes]) -> float:
    """Ask until it answers 200; the time of the clock `perf_counter` then. Raises RuntimeError
    when the process ends instead."""
    deadline = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return time.perf_counter()
        except (urllib.error.URLError, OSError):
            time.sleep(0.005)
    raise RuntimeError(f"{url} does not answer, process {process.args!r} is {process.poll()}")


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and wait; SIGKILL after 20 s."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
