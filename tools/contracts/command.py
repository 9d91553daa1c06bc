"""The check as a command: runs it and shows the report in one form."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.contracts.baseline import NoBaseline
from tools.contracts.examine import Wanted, examine
from tools.contracts.form import NoSuchRevision
from tools.dev import show
from tools.dev.errors import Refusal

FORBIDDEN = 4


def run(root: Path, against: str | None, form: str, *, types: bool, tests: bool) -> int:
    """Print the report; 4 when a finding forbids the merge, else 0. Raises Refusal."""
    try:
        report = examine(root, Wanted(against=against, types=types, tests=tests), _progress)
    except (NoBaseline, NoSuchRevision) as error:
        raise Refusal(str(error), code=2) from error
    if form == "text":
        from tools.contracts.report.text import show as show_text

        show_text(report, show.out)
    elif form == "json":
        from tools.contracts.report.as_json import text_of

        print(text_of(report))
    elif form == "github":
        from tools.contracts.report.github import lines_of

        for line in lines_of(report):
            print(line)
    else:
        from tools.contracts.report.junit import document

        sys.stdout.write(document(report))
    return FORBIDDEN if report.forbidden else 0


def _progress(step: str, seconds: float) -> None:
    """A line on stderr for what took long enough to wonder."""
    if seconds >= 0.5:
        show.progress("done", step, seconds)
