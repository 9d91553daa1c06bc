"""`python -m e2e.racing_worker [--without PART]`: a worker of notifications that races others."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from libs.runtime import main
from services.notifications.main import program

if TYPE_CHECKING:
    from libs.messaging import Worker

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", action="append", default=[])
    without = parser.parse_args().without

    def worker() -> Worker:
        from e2e import racing

        return racing.worker(without)

    sys.exit(main(replace(program, worker=worker), ["worker"]))
