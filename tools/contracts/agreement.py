"""Proves that the table of what is rebuilt says what Pants would do: for each of our files, which images it
is in. `python -m tools.contracts.agreement [--junit FILE]`; exits with 1 where the two differ."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from tools.contracts.rebuilt import rebuilt, services

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("contracts/", "libs/", "services/")


def by_pants(names: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """For each of our files the services whose image it is in, as Pants says."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        said = subprocess.run(
            [str(ROOT / "pants"), "filedeps", "--transitive", f"services/{name}:srcs"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        if said.returncode:
            sys.exit(f"./pants filedeps did not answer: {said.stderr.strip()[-500:]}")
        for file in said.stdout.split():
            if file.startswith(FOLDERS) and not file.endswith("BUILD"):
                found[file].add(name)
    return {file: frozenset(inside) for file, inside in found.items()}


def differences() -> list[str]:
    """Each file of ours about which the two disagree, with what each says; and none of them is empty."""
    names = services(ROOT)
    pants = by_pants(names)
    files = subprocess.run(
        ["git", "ls-files", "--", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    told = []
    for file in files:
        # Pants leaves out what is empty.
        if Path(file).name in ("BUILD", "README.md") or "/tests/" in file or _is_empty(file):
            continue
        ours = frozenset(one.service for one in rebuilt(ROOT, [file]))
        theirs = pants.get(file, frozenset())
        if ours != theirs:
            told.append(f"{file}: Pants has it in {sorted(theirs)}, the table in {sorted(ours)}")
    return told


def _is_empty(file: str) -> bool:
    path = ROOT / file
    return not path.is_file() or not path.stat().st_size


def main() -> None:
    """Compare, and say where they differ."""
    arguments = argparse.ArgumentParser(prog="agreement", description=__doc__)
    arguments.add_argument("--junit", type=Path, help="write the result there as JUnit XML")
    junit: Path | None = arguments.parse_args().junit
    told = differences()
    for line in told:
        print(line)
    if junit is not None:
        suite = Element("testsuite", name="rebuilt", tests="1", failures=str(int(bool(told))))
        case = SubElement(suite, "testcase", classname="tools.contracts", name="agrees with Pants")
        if told:
            SubElement(case, "failure", message=told[0]).text = "\n".join(told)
        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_text(tostring(suite, encoding="unicode"))
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
