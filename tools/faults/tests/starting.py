"""`python -m tools.faults.tests.starting FOLDER`: starts a shop until it is interrupted; then says
"left" and how many of the processes that it had recorded, or that carry its mark, still run."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.dev import processes, state
from tools.dev.processes import Known
from tools.faults.world import World


def main(folder: Path) -> None:
    seen: set[Known] = set()

    def hear(line: str) -> None:
        if recorded := state.read(world.places):
            seen.update(unit.process for unit in recorded.units.values() if unit.process)
        print(line, flush=True)

    world = World(folder, tell=hear)
    try:
        world.start()
    except KeyboardInterrupt:
        left = {*processes.marked(world.places.mark), *(each for each in seen if each.alive)}
        print(f"left {len(left)} of {len(seen)}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
