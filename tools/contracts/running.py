"""The tests of what is rebuilt, run by Pants: it knows what depends on what, and keeps what passed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from tools.contracts.readers.model import place_of
from tools.contracts.report.model import Tests


class CannotBeTested(RuntimeError):
    """Pants ended without a report; the message is its last line."""


def run_tests(root: Path, services: Iterable[str]) -> dict[str, Tests]:
    """How the tests of each service end; Pants tells of its progress on stderr."""
    reports = root / ".dev" / "contracts" / "tests"
    shutil.rmtree(reports, ignore_errors=True)
    targets = [f"services/{service}::" for service in services]
    if not targets:
        return {}
    done = subprocess.run(
        [str(root / "pants"), "test", "--report", f"--report-dir={reports}", *targets],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    found = _read(reports)
    if not found and done.returncode:
        raise CannotBeTested(f"./pants test ended with {done.returncode} and without a report")
    return found


def _read(reports: Path) -> dict[str, Tests]:
    passed: dict[str, int] = defaultdict(int)
    failed: dict[str, list[str]] = defaultdict(list)
    for report in sorted(reports.rglob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            where = case.get("classname", "").replace(".", "/")
            service = place_of(f"{where}/").removeprefix("services/")
            if {"failure", "error"} & {child.tag for child in case}:
                failed[service].append(f"{case.get('classname')}.{case.get('name')}")
            else:
                passed[service] += 1
    return {
        service: Tests(passed=passed[service], failed=tuple(failed[service]))
        for service in sorted(passed.keys() | failed.keys())
    }
