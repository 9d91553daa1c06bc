"""`python -m tools.bench operations|calls|memory|start|latency|order|pages [--json]`"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from libs.telemetry.shared_metrics import share_between_processes

BENCHMARKS = {
    "operations": "CPU of a request in process, beside other ways to write it in Flask",
    "calls": "CPU and waiting of a call to a neighbour",
    "memory": "PSS of each process of the services, as really started",
    "start": "time from the start of a process to its first 200",
    "latency": "from a commit to the handler of its event and to the start of its job",
    "order": "what an order costs: time, CPU, messages and SQL, in both topologies",
    "pages": "what a page of the storefront costs: time, CPU, bytes, requests; lists at 50 a second",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        description="Measures what the shop promises about its speed and size.",
        epilog="example: python -m tools.bench operations; tools/bench/README.md says what is measured",
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument(
        "benchmark",
        choices=BENCHMARKS,
        metavar="BENCHMARK",
        help="; ".join(f"{name}: {text}" for name, text in BENCHMARKS.items()),
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # As in a service: metrics are shared between processes, which is not the cheapest way.
        share_between_processes(Path(folder))
        report = import_module(f"tools.bench.{chosen.benchmark}").measure()
    print(report.as_json() if chosen.json else report.as_table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
