"""Waits for the supervisor to be gone without having cleaned up (kill -9), then does it.

`python -m tools.dev.watchdog SUPERVISOR_PID`, started by the supervisor and ended by it.
"""

import os
import signal
import sys
import time

from tools.dev import state
from tools.dev.errors import Busy
from tools.dev.healing import end_leftovers, only_one
from tools.dev.places import HERE

_POLL_S = 0.3


def main(supervisor: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.getppid() == supervisor:
        time.sleep(_POLL_S)
    try:
        with only_one(HERE):
            end_leftovers(HERE)
    except Busy:
        assert state.running(HERE) is not None  # the next `up` was faster and did it


if __name__ == "__main__":
    main(int(sys.argv[1]))
