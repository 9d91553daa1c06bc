"""The check itself: compare two trees, ask who breaks, in which order to deploy, and what is rebuilt."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tools.contracts.baseline import baseline, changed_files
from tools.contracts.deploy.plan import Plan, plan
from tools.contracts.form.model import Page
from tools.contracts.form.recorded import COMMAND
from tools.contracts.form.text import dump
from tools.contracts.form.tree import Broken, Tree, recorded_file
from tools.contracts.readers import trees
from tools.contracts.readers.consumers import with_consumers
from tools.contracts.readers.model import Index, Mistake
from tools.contracts.readers.observed import observed_uses
from tools.contracts.readers.reach import Reach
from tools.contracts.readers.silence import silenced
from tools.contracts.readers.templates import template_uses
from tools.contracts.rebuilt import rebuilt
from tools.contracts.report.model import Problem, Report
from tools.contracts.rules.compare import compare
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.findings import worst_first
from tools.contracts.rules.proof import Prover
from tools.contracts.rules.waivers import waived
from tools.contracts.running import CannotBeTested, run_tests

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
        return _with_waivers(root, report)
    with (
        ThreadPoolExecutor(1) as pool,
        Tree.at(root, base.commit) as before,
        Tree.of(root) as now,
    ):
        readers = pool.submit(_readers, root, wanted, report, say)
        with _step(say, "compared the contracts"):
            pairs, report = _pages(root, before, now, report)
            found = [
                (finding, old, new)
                for old, new in pairs.values()
                for finding in _proved(old, new, before, now)
            ]
        try:
            report = _with_readers(report, readers.result(), found, root, wanted)
        except trees.CannotBeIndexed as error:
            note = f"who reads them is not known: the type checker stopped with {error}"
            plain = worst_first(finding for finding, _, _ in found)
            report = replace(report, findings=plain, notes=(*report.notes, note))
    report = _with_waivers(root, report)
    report = replace(
        report,
        order=_order(root, report, pairs.values()),
        rebuilt=rebuilt(root, report.changed),
    )
    return _with_tests(root, report) if wanted.tests else report


def _with_tests(root: Path, report: Report) -> Report:
    try:
        return replace(report, tests=run_tests(root, [one.service for one in report.rebuilt]))
    except CannotBeTested as error:
        return replace(report, notes=(*report.notes, str(error)))


def _order(root: Path, report: Report, pairs: Collection[Pair]) -> Plan:
    if not report.findings:
        return Plan((), (), ())
    # It knows how services tell what they use, and with that all of the chassis: slow to import.
    from tools.contracts.deploy.uses import knowing, touching

    return plan(report.findings, knowing(root), touching(root, pairs))


def _with_waivers(root: Path, report: Report) -> Report:
    """The report with what somebody answers for, and with what is wrong with that."""
    found = waived(root, report.findings, date.today())
    problems = [
        Problem(where=one.where, sentence=one.sentence) for one in found.complaints if one.fails
    ]
    notes = [f"{one.where} {one.sentence}" for one in found.complaints if not one.fails]
    return replace(
        report,
        findings=found.findings,
        problems=(*report.problems, *problems),
        notes=(*report.notes, *notes),
    )


def _proved(old: Page | None, new: Page | None, before: Tree, now: Tree) -> Iterator[Finding]:
    """What changed between the two, each with a payload that shows it where there is one."""
    findings = compare(old, new)
    if old is None or new is None:
        yield from findings
        return
    prover = Prover(old, new, before, now)
    for finding in findings:
        yield prover.proved(finding)


def _pages(root: Path, before: Tree, now: Tree, report: Report) -> tuple[dict[str, Pair], Report]:
    """The pages that differ; the report says what keeps one from being read."""
    if not any(name.startswith("contracts/") for name in report.changed):
        return {}, report
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
    return pairs, replace(report, problems=tuple(problems), notes=tuple(notes))


def _is_recorded(root: Path, module: str, page: Page) -> bool:
    try:
        return recorded_file(root, module).read_text(encoding="utf-8") == dump(page)
    except FileNotFoundError:
        return False


def _readers(root: Path, wanted: Wanted, report: Report, say: Say) -> tuple[Index, Index] | None:
    """The indexes of both trees; None where no code changed."""
    if not any(name.endswith((".py", ".jinja", ".html")) for name in report.changed):
        return None
    with _step(say, "looked for who reads them" + (", checked types" if wanted.types else "")):
        if wanted.types:
            return trees.both(root, report.commit)
        then = trees.at(root, report.commit)
        return then, then


def _with_readers(
    report: Report,
    readers: tuple[Index, Index] | None,
    found: Sequence[tuple[Finding, Page | None, Page | None]],
    root: Path,
    wanted: Wanted,
) -> Report:
    if readers is None:
        return replace(report, findings=worst_first(finding for finding, _, _ in found))
    old, new = readers
    mistakes = _new_mistakes(old, new) if wanted.types else None
    if not new.complete:  # a file that is no Python: what was known before is the best there is
        new = old
    reach = Reach(old, new, (*template_uses(root), *observed_uses(root)))
    today = date.today()
    findings = [with_consumers(reach, *one, today) for one in found]
    findings += [with_consumers(reach, one, None, None, today) for one in silenced(old, new)]
    return replace(report, findings=worst_first(findings), mistakes=mistakes)


def _new_mistakes(old: Index, new: Index) -> tuple[Mistake, ...]:
    """What the type check says now and did not say then; lines may have moved."""
    known = Counter((one.file, one.text) for one in old.mistakes)
    fresh = []
    for one in new.mistakes:
        known[one.file, one.text] -= 1
        if known[one.file, one.text] < 0:
            fresh.append(one)
    return tuple(fresh)


@contextmanager
def _step(say: Say, what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(what, time.monotonic() - began)
