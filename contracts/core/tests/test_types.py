"""What the type checker catches in code against a contract, before anything runs.

Each line of `mistakes/` that is wrong ends with the error that mypy must report there; every other
line must have none. The type checker of the repository does not read that folder.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from mypy import api as mypy

MISTAKES = Path(__file__).parent / "mistakes"
ROOT = Path(__file__).parents[3]
Errors = dict[tuple[str, int], list[str]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    """The codes of mypy's errors by file and line."""
    work = tmp_path_factory.mktemp("mypy")
    settings = work / "mypy.ini"
    settings.write_text(
        (ROOT / "mypy.ini").read_text() + "[mypy-contracts.*]\nfollow_imports = silent\n"
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MYPYPATH", f"{MISTAKES}:{ROOT}")
        said, trouble, _ = mypy.run(
            [
                f"--config-file={settings}",
                f"--cache-dir={work / 'cache'}",
                "--hide-error-context",
                "--no-error-summary",
                "--no-pretty",
                *map(str, sorted(MISTAKES.glob("*.py"))),
            ]
        )
    assert trouble == ""
    errors: Errors = defaultdict(list)
    for line in said.splitlines():
        if match := re.fullmatch(r"(.*?):(\d+): error: .*\[([a-z-]+)\]", line):
            errors[Path(match[1]).name, int(match[2])].append(match[3])
        else:
            assert ": note:" in line, line
    return errors


def expected() -> Errors:
    errors: Errors = {}
    for file in MISTAKES.glob("*.py"):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if match := re.search(r"# mistake: (.*)$", line):
                errors[file.name, number] = match[1].split()
    return errors


@pytest.mark.parametrize("where", sorted(expected()), ids=lambda where: f"{where[0]}:{where[1]}")
def test_the_type_checker_reports_this_mistake(found: Errors, where: tuple[str, int]) -> None:
    assert sorted(found[where]) == sorted(expected()[where])


def test_the_type_checker_reports_nothing_else(found: Errors) -> None:
    assert {
        where: codes for where, codes in found.items() if codes and where not in expected()
    } == {}


def test_there_is_a_mistake_of_each_kind() -> None:
    assert {name for name, _ in expected()} == {"asking.py", "consumers.py", "handlers.py"}
    assert len(expected()) > 40
