"""`python -m tools.faults.planted NAME,... services.orders.main worker`: a service's program with bugs or
conditions of tools.faults.bugs in it. Nothing in a service can switch one on."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from libs.runtime import Program
from libs.runtime import main as run

M = TypeVar("M")


def _after(names: list[str], make: Callable[[], M]) -> Callable[[], M]:
    """`make`, once these are planted: when the program has set up what must be set up before most
    libraries are imported."""

    def made() -> M:
        from tools.faults.bugs import PLANTED

        for name in names:
            PLANTED[name]()
        return make()

    return made


def main() -> int:
    if len(sys.argv) < 4:
        print("planted: say what, which module to run, and web or worker", file=sys.stderr)
        return 2
    _, names, module, *arguments = sys.argv
    program: Program = importlib.import_module(module).program
    planted = names.split(",")
    changed = replace(
        program,
        app=_after(planted, program.app),
        worker=_after(planted, program.worker) if program.worker else None,
    )
    return run(changed, arguments)


if __name__ == "__main__":
    sys.exit(main())
