"""A program whose clock is wrong: `python -m tools.faults.clock SECONDS MODULE ARGUMENTS...`

What Python code reads is shifted (time.time, datetime.now and their like), in the process and in those
that it forks. Clocks that only measure (time.monotonic) go on as they did, as on a machine whose
clock was set wrong before it started; so does the clock of PostgreSQL, which is another machine's.
"""

from __future__ import annotations

import runpy
import sys
from datetime import UTC, datetime, timedelta

import time_machine


def main() -> None:
    if len(sys.argv) < 3:
        print("clock: say by how many seconds, and which module to run", file=sys.stderr)
        sys.exit(2)
    shift = timedelta(seconds=float(sys.argv[1]))
    time_machine.travel(datetime.now(UTC) + shift, tick=True).start()
    module, sys.argv = sys.argv[2], sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
