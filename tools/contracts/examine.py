"""The check itself: compare two trees, ask who breaks, in which order to deploy, and what is rebuilt."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tools.contracts.baseline import baseline, changed_files
from tools.contracts.deploy import knowing, plan
from tools.contracts.form.model import Page
from tools.contracts.form.recorded import COMMAND
from tools.contracts.form.text import dump
from tools.contracts.form.tree import Broken, Tree, recorded_file
from tools.contracts.readers import trees
from tools.contracts.readers.consumers import with_consumers
from tools.contracts.readers.model import Index, Mistake
from tools.contracts.readers.reach import Reach
from tools.contracts.readers.silence import silenced
from tools.contracts.readers.templates import template_uses
from tools.contracts.rebuilt import rebuilt
from tools.contracts.report.model import Problem, Report
from tools.contracts.rules.compare import compare
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.findings import worst_first

Say = Callable[[str, float], None]
"""Told of each step that is done, with its seconds."""
Pair = tuple[Page | None, Page | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a check."""

    against: str | None = None
    types: bool = True
    tests: bool = False


def examine(root: Path, wanted: Wanted, say: Say) -> Report:
    """What the checkout's change means. Raises NoBaseline, and NoSuchRevision when that has no
    contracts."""
    base = baseline(root, wanted.against)
    report = Report(against=base.name, commit=base.commit, changed=changed_files(root, base.commit))
    if not report.changed:
        return report
    with Tree.at(root, base.commit) as before, Tree.of(root) as now:
        with _step(say, "compared the contracts"):
            pairs, problems, notes = _pages(root, before, now, report)
            findings = {module: list(compare(old, new)) for module, (old, new) in pairs.items()}
    report = replace(report, problems=problems, notes=notes)
    if any(findings.values()) or any(name.endswith(".py") for name in report.changed):
        with _step(say, "looked for who reads them" + (", checked types" if wanted.types else "")):
            report = _with_readers(root, wanted, report, pairs, findings)
    else:
        report = replace(report, findings=worst_first(_all(findings)))
    order = plan(report.findings, knowing(root))
    return replace(
        report,
        order=order,
        rebuilt=rebuilt(root, report.changed),
    )


def _pages(
    root: Path, before: Tree, now: Tree, report: Report
) -> tuple[dict[str, Pair], tuple[Problem, ...], tuple[str, ...]]:
    """The pages that differ, what keeps one from being read, and what there is to say of that."""
    if not any(name.startswith("contracts/") for name in report.changed):
        return {}, (), ()
    old, new = before.pages(), now.pages()
    pairs: dict[str, Pair] = {}
    problems, notes = [], []
    for module in sorted(old.keys() | new.keys()):
        was, is_ = old.get(module), new.get(module)
        if isinstance(is_, Broken):
            sentence = f"the page cannot be imported: {is_.sentence}"
            problems.append(Problem(where=is_.where, sentence=sentence))
            continue
        if is_ is not None and not _is_recorded(root, module, is_):
            file = recorded_file(root, module).relative_to(root).as_posix()
            notes.append(f"{file} is not the form of its page any more: {COMMAND}")
        if isinstance(was, Broken):
            notes.append(f"{was.where} could not be imported then: {was.sentence}")
        elif was != is_:
            pairs[module] = (was, is_)
    return pairs, tuple(problems), tuple(notes)


def _is_recorded(root: Path, module: str, page: Page) -> bool:
    try:
        return recorded_file(root, module).read_text(encoding="utf-8") == dump(page)
    except FileNotFoundError:
        return False


def _with_readers(
    root: Path,
    wanted: Wanted,
    report: Report,
    pairs: Mapping[str, Pair],
    findings: Mapping[str, list[Finding]],
) -> Report:
    try:
        if wanted.types:
            old, new = trees.both(root, report.commit)
        else:
            old = new = trees.at(root, report.commit)
    except trees.CannotBeIndexed as error:
        note = f"nobody knows who reads this: the type checker stopped with {error}"
        return replace(report, findings=worst_first(_all(findings)), notes=(*report.notes, note))
    if not new.complete:  # a syntax error somewhere: what was known before is the best there is
        new = replace(old, mistakes=new.mistakes, complete=False)
    reach = Reach(old, new, template_uses(root))
    found = [
        with_consumers(reach, finding, *pairs[module], date.today())
        for module, ones in findings.items()
        for finding in ones
    ]
    found += [
        with_consumers(reach, finding, None, None, date.today()) for finding in silenced(old, new)
    ]
    return replace(
        report,
        findings=worst_first(found),
        mistakes=_new_mistakes(old, new) if wanted.types else None,
    )


def _new_mistakes(old: Index, new: Index) -> tuple[Mistake, ...]:
    """What the type check says now and did not say then; lines may have moved."""
    known = Counter((one.file, one.text) for one in old.mistakes)
    fresh = []
    for one in new.mistakes:
        known[one.file, one.text] -= 1
        if known[one.file, one.text] < 0:
            fresh.append(one)
    return tuple(fresh)


def _all(findings: Mapping[str, list[Finding]]) -> list[Finding]:
    return [one for ones in findings.values() for one in ones]


@contextmanager
def _step(say: Say, what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(what, time.monotonic() - began)
