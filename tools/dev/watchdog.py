"""Waits for the supervisor to be gone without having cleaned up (kill -9), then does it.

`python -m tools.dev.watchdog SUPERVISOR_PID [FOLDER]`, started by the supervisor and ended by it;
FOLDER is that of a run of its own.
"""

import os
import signal
import sys
import time
from pathlib import Path

from tools.dev import state
from tools.dev.errors import Busy
from tools.dev.healing import end_leftovers, only_one
from tools.dev.places import HERE, Places

_POLL_S = 0.3


def main(supervisor: int, places: Places) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.getppid() == supervisor:
        time.sleep(_POLL_S)
    try:
        with only_one(places):
            end_leftovers(places)
    except Busy:
        assert state.running(places) is not None  # the next `up` was faster and did it


if __name__ == "__main__":
    own = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    main(int(sys.argv[1]), Places(HERE.root, own))
