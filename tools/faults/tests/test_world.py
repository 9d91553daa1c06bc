"""A shop that is interrupted while it starts is not left behind in part."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.faults.tests import starting


@pytest.mark.timeout(180)
def test_ctrl_c_while_the_shop_starts_leaves_nothing_running(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", starting.__name__, str(tmp_path / "shop")],
        stdout=subprocess.PIPE,
        text=True,
    ) as shop:
        assert shop.stdout is not None
        for line in shop.stdout:
            if line.startswith("PostgreSQL"):
                break

        shop.send_signal(signal.SIGINT)
        said, _ = shop.communicate(timeout=120)

    left, seen = said.splitlines()[-1].removeprefix("left ").split(" of ")
    assert int(left) == 0
    assert int(seen) >= 3
