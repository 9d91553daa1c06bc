"""The report of a run: one page of HTML that needs nothing beside it, or JSON that says the same."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from jinja2 import Environment

from tools.faults.charts import curve
from tools.faults.outcome import INVARIANTS, Outcome, Run, Verdict

_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_NOTHING = "there was nothing to look at"


@dataclass(frozen=True)
class Machine:
    """Where the run took place."""

    processor: str
    cores: int
    memory_gib: float
    kernel: str
    python: str


def machine() -> Machine:
    """This one."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
    )


def as_json(run: Run, where: Machine) -> str:
    """All that the page shows, and the curves second by second."""
    said = {"held": run.held, "machine": asdict(where), **asdict(run)}
    said["outcomes"] = [
        {**asdict(outcome), "verdicts": [_verdict(verdict) for verdict in outcome.verdicts]}
        for outcome in run.outcomes
    ]
    return json.dumps(said, indent=2)


def as_html(run: Run, where: Machine) -> str:
    """The page."""
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    outcomes = run.outcomes
    return page.render(
        run=run,
        summary=summary(run),
        facts=list(_facts(run, where)),
        invariants=INVARIANTS,
        claims=list(INVARIANTS),
        others=any(_own(outcome) for outcome in outcomes),
        missing=[outcome for outcome in outcomes if outcome.state == "not run"],
        rows=[_row(outcome) for outcome in outcomes],
    )


def summary(run: Run) -> str:
    """One line: how many faults held, broke, were not run, and whether there were to be more."""
    counts = {
        state: sum(outcome.state == state for outcome in run.outcomes)
        for state in ("held", "broken", "not run")
    }
    said = [f"{counts['held']} of {len(run.outcomes)} faults held"]
    said += [f"{counts[state]} {state}" for state in ("broken", "not run") if counts[state]]
    said += ["then interrupted"] if run.interrupted else []
    return ", ".join(said)


@dataclass(frozen=True)
class _Chip:
    """A judgement in a word or two. `kind` is a class of the page's."""

    kind: str
    said: str
    title: str


@dataclass(frozen=True)
class _Row:
    id: str
    outcome: Outcome
    chips: Sequence[_Chip]
    own: Sequence[_Chip]
    own_in_all: _Chip
    trouble: str
    broken: Sequence[Verdict]
    notes: Sequence[str]
    curve: str


def _row(outcome: Outcome) -> _Row:
    verdicts = {verdict.claim: verdict for verdict in outcome.verdicts}
    own = _own(outcome)
    return _Row(
        id="fault-" + re.sub(r"[^a-z0-9]+", "-", outcome.fault.lower()),
        outcome=outcome,
        chips=[_chip_of(outcome, verdicts.get(claim)) for claim in INVARIANTS],
        own=[_chip_of_own(verdict) for verdict in own],
        own_in_all=_in_all(own),
        trouble=trouble(outcome) if outcome.state == "broken" else "",
        broken=[verdict for verdict in outcome.verdicts if verdict.judgement == "broken"],
        notes=[note(verdict) for verdict in outcome.verdicts if verdict.note],
        curve=curve(outcome),
    )


def _chip_of(outcome: Outcome, verdict: Verdict | None) -> _Chip:
    if not outcome.verdicts:
        return _Chip("not-run", "not run", outcome.reason)
    if verdict is None:
        return _Chip("none", "none", _NOTHING)
    return _chip(verdict, {"held": f"{verdict.checked}"}.get(verdict.judgement, verdict.judgement))


def _chip_of_own(verdict: Verdict) -> _Chip:
    said = {"not judged": f"{verdict.claim}: not judged"}
    return _chip(verdict, said.get(verdict.judgement, verdict.claim))


def _chip(verdict: Verdict, said: str) -> _Chip:
    title = f"{verdict.claim}: {verdict.checked} looked at"
    match verdict.judgement:
        case "held":
            return _Chip("held", f"\u2713 {said}", title)
        case "broken":
            return _Chip("broken", f"\u2717 {said}", title)
        case "not judged":
            return _Chip("not-run", said, note(verdict))
        case "none":
            return _Chip("none", said, _NOTHING)


def _in_all(own: Sequence[Verdict]) -> _Chip:
    judged = [verdict for verdict in own if verdict.judgement in ("held", "broken")]
    held = sum(verdict.held for verdict in judged)
    title = ", ".join(verdict.claim for verdict in own)
    if not judged:
        return _Chip("not-run", "not judged", title)
    said = f"{held} of {len(own)}"
    if held == len(judged):
        return _Chip("held", f"\u2713 {said}", title)
    return _Chip("broken", f"\u2717 {said}", title)


def note(verdict: Verdict) -> str:
    """What is to be known beside a verdict, or why there is none, with the name of its claim."""
    unjudged = "not judged: " if verdict.judgement == "not judged" else ""
    return f"{verdict.claim}: {unjudged}{verdict.note.removeprefix(unjudged)}"


def trouble(outcome: Outcome) -> str:
    """Its reason, unless that is only what one of its verdicts says."""
    said = {f"{v.claim}: {each}" for v in outcome.verdicts for each in (*v.evidence, v.note)}
    return "" if outcome.reason in said else outcome.reason


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {**asdict(verdict), "judgement": verdict.judgement}


def _own(outcome: Outcome) -> list[Verdict]:
    return [verdict for verdict in outcome.verdicts if verdict.claim not in INVARIANTS]


def _facts(run: Run, where: Machine) -> Iterable[tuple[str, str]]:
    yield "began", run.began.replace("T", " ").replace("+00:00", " UTC")
    yield "took", f"{run.took_s // 60:.0f} min {run.took_s % 60:.0f} s"
    yield "seed", str(run.seed)
    yield "each fault", f"{run.seconds:g} s"
    yield "machine", f"{where.cores} cores of {where.processor}, {where.memory_gib:g} GiB"
    yield "system", f"{where.kernel}, Python {where.python}"
    yield "again", f"./dev faults --seed {run.seed} --seconds {run.seconds:g}"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine() or "unknown make"
