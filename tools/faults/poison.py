"""A worker that dies of some work: `python -m tools.faults.poison WORD MODULE ARGUMENTS...`

Each event and each job in which WORD occurs kills the process with -9 as it is handled: what an
overflow in a C library does, or a handler that eats all memory.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from typing import Any

from libs.messaging.delivery import Delivery
from libs.messaging.runner import Runner


def poison(word: str) -> None:
    """Kill this process whenever it comes to handle something with the word in it."""
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


def main() -> None:
    if len(sys.argv) < 3:
        print("poison: say of which word, and which module to run", file=sys.stderr)
        sys.exit(2)
    poison(sys.argv[1])
    module, sys.argv = sys.argv[2], sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
