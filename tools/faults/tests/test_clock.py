"""A program whose clock is wrong believes it, and measures as well as before."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

SAY = """
import os, time
from datetime import UTC, datetime
if os.fork() == 0:  # as a web's workers are
    print(time.time(), datetime.now(UTC).timestamp(), time.monotonic(), flush=True)
else:
    os.wait()
"""


def test_a_program_five_minutes_ahead_believes_its_clock(tmp_path: Path) -> None:
    (tmp_path / "say_the_time.py").write_text(SAY)
    told = subprocess.run(
        [sys.executable, "-m", "tools.faults.clock", "300", "say_the_time"],
        env={**os.environ, "PYTHONPATH": f"{Path.cwd()}{os.pathsep}{tmp_path}"},
        check=True,
        capture_output=True,
        text=True,
    )

    believed, in_words, measured = map(float, told.stdout.split())
    assert 295 < believed - time.time() < 301
    assert 295 < in_words - time.time() < 301
    assert abs(measured - time.monotonic()) < 5
