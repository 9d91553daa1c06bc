"""`python -m tools.fake orders --port 9003`: what `./dev fake` does, without the rest of ./dev."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.dev.errors import Refusal
from tools.fake.serving import serve_fakes

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fake")
    parser.add_argument("services", nargs="+", metavar="SERVICE")
    parser.add_argument("--port", type=int, help="of the first; the documented ones if left out")
    said = parser.parse_args()
    try:
        serve_fakes(ROOT, said.services, port=said.port)
    except Refusal as refusal:
        print(f"fake: {refusal}", file=sys.stderr)
        return refusal.code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
