"""The index of the working directory, on stdout: a process of its own, for mypy reads what is
beside it, and takes long to end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools.contracts.readers import written
from tools.contracts.readers.indexing import index


def main() -> None:
    """`python -m tools.contracts.readers CACHE` with the names of the files on stdin."""
    cache, files = Path(sys.argv[1]), sys.stdin.read().split("\n")
    # mypy takes what is on the path for installed libraries; the checkout of this program isn't one.
    own = Path(__file__).resolve().parents[3]
    sys.path[:] = [place for place in sys.path if place and Path(place).resolve() != own]
    sys.stdout.write(written.dump(index([file for file in files if file], cache)))
    sys.stdout.flush()
    os._exit(0)  # to give back what mypy holds, object by object, takes as long as the check


if __name__ == "__main__":
    main()
