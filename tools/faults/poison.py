"""A worker that dies of some work: `python -m tools.faults.poison WORD services.orders.main worker`.

Each event and each job in which WORD occurs kills the process with -9 as it is handled: what an
overflow in a C library does, or a handler that eats all memory.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from dataclasses import replace
from typing import Any

from libs.runtime import Program
from libs.runtime import main as run


def poison(word: str) -> None:
    """Kill this process whenever it comes to handle something with the word in it."""
    # Imported when the program has set up its metrics, which come before most libraries.
    from libs.messaging.delivery import Delivery
    from libs.messaging.runner import Runner

    run_event, run_job = Delivery.run, Runner._do

    def event(self: Any, session: Any, cloud_event: Any, fact: Any) -> Any:
        _die_of(word, cloud_event.model_dump_json())
        return run_event(self, session, cloud_event, fact)

    def job(self: Any, claim: Any, handler: Any) -> None:
        _die_of(word, claim.data)
        run_job(self, claim, handler)

    Delivery.run = event  # type: ignore[assignment, method-assign]  # what this program is for
    Runner._do = job  # type: ignore[method-assign]  # likewise


def _die_of(word: str, text: str) -> None:
    if word in text:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    if len(sys.argv) < 4:
        print("poison: say of which word, which module to run, and worker", file=sys.stderr)
        return 2
    _, word, module, *arguments = sys.argv
    program: Program = importlib.import_module(module).program
    make = program.worker
    if make is None:
        print(f"poison: {module} has no worker", file=sys.stderr)
        return 2

    def worker() -> Any:
        poison(word)
        return make()

    return run(replace(program, worker=worker), arguments)


if __name__ == "__main__":
    sys.exit(main())
