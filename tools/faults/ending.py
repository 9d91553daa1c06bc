"""How a run ends: what its reader gets, and the exit code."""

from __future__ import annotations

import os
from pathlib import Path

from tools.dev import show
from tools.dev.errors import Refusal
from tools.faults.outcome import Run
from tools.faults.report import as_html, machine, summary
from tools.faults.report import as_json as as_json_text

_USAGE = 2
_NOTHING_JUDGED = 3
_BROKEN = 4


def code(run: Run) -> int:
    """0: every fault that ran held; 4: an invariant broke; 3: there was nothing to judge."""
    if run.broken:
        return _BROKEN
    return 0 if run.held else _NOTHING_JUDGED


def make_way(page: Path) -> None:
    """The folder of the report is there. Raises Refusal when the report could not be written: that is
    to be known before the run, which takes half an hour."""
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(page, f"{page.parent} cannot be made: {error.strerror}") from error
    if page.is_dir():
        raise _refusal(page, "it is a folder")
    if not os.access(page if page.exists() else page.parent, os.W_OK):
        raise _refusal(page, "you may not write there")


def hand_over(run: Run, page: Path, *, as_json: bool) -> None:
    """The summary and the JSON first: they can't fail as a file can. Raises Refusal when the page
    cannot be written after all."""
    where = machine()
    if as_json:
        print(as_json_text(run, where), flush=True)
    (show.err if as_json else show.out).print(summary(run))
    try:
        page.parent.mkdir(parents=True, exist_ok=True)  # the run may have emptied what it was in
        page.write_text(as_html(run, where), encoding="utf-8")
    except OSError as error:
        raise Refusal(f"the report {page} could not be written: {error.strerror}") from error
    show.err.print(f"The report is {page}", markup=False)


def _refusal(page: Path, why: str) -> Refusal:
    return Refusal(
        f"the report {page} cannot be written: {why}; name another file with --report", _USAGE
    )
