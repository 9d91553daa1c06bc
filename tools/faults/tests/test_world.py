"""A shop that is interrupted while it starts is not left behind in part."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# Says "left" and how many of the processes that were recorded until the interrupt still run after it.
START = """
import sys
from pathlib import Path
from tools.dev import processes, state
from tools.faults.world import World

seen = set()

def hear(line):
    units = state.read(world.places).units.values()
    seen.update(unit.process for unit in units if unit.process is not None)
    print(line, flush=True)

world = World(Path(sys.argv[1]), tell=hear)
try:
    world.start()
except KeyboardInterrupt:
    left = {*processes.marked(world.places.mark), *(each for each in seen if each.alive)}
    print("left", len(left), "of", len(seen), flush=True)
"""


@pytest.mark.timeout(180)
def test_ctrl_c_while_the_shop_starts_leaves_nothing_running(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path / "shop")],
        stdout=subprocess.PIPE,
        text=True,
    ) as starting:
        assert starting.stdout is not None
        for line in starting.stdout:
            if line.startswith("PostgreSQL"):
                break

        starting.send_signal(signal.SIGINT)
        said, _ = starting.communicate(timeout=120)

    left, count = said.splitlines()[-1].removeprefix("left ").split(" of ")
    assert int(left) == 0
    assert int(count) >= 3
