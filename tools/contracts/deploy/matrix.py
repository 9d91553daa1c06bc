"""May this build of a service be put beside what runs? Each neighbour, in both directions.

Whoever sends and whoever reads were built from two forms of one page. That goes well when the reader's form
is the older one and only S and P lie between (the producer may come first), or when it is the newer
one and only S and C do; so a pair is looked at both ways, and one is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tools.contracts.deploy.running import Built
from tools.contracts.form.model import Page
from tools.contracts.rules.compare import compare
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.verdict import Direction, Verdict, worst


class Way(StrEnum):
    """Between the service and a neighbour."""

    ITS_REQUESTS = "its requests"  # the neighbour asks us
    OUR_REQUESTS = "our requests"
    OUR_EVENTS = "our events"  # the neighbour listens to us
    ITS_EVENTS = "its events"


class May(StrEnum):
    """Whether a way holds once this build runs."""

    YES = "yes"
    THEY_FIRST = "they first"  # once the neighbour was deployed from this checkout
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """One way to or from one neighbour. `findings` forbid it; `why` says what isn't known."""

    may: May
    findings: tuple[Finding, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A neighbour with the ways on which the two speak at all."""

    neighbour: str
    cells: Mapping[Way, Cell]


def row(
    ours: Built,
    theirs: Built,
    they_use: Mapping[str, Collection[str]] | None,
    we_use: Mapping[str, Collection[str]],
) -> Row:
    """How this build of ours goes with the neighbour that runs. What each uses of the other's pages is
    from the checkout; None for a neighbour that it doesn't have, which may use everything."""
    cells: dict[Way, Cell] = {}
    for page, new in ours.serves.items():
        known = theirs.knows.get(page)
        if known is not None:
            used = None if they_use is None else they_use.get(page, ())
            _note(cells, Way.ITS_REQUESTS, known, new, used, we_are_producer=True)
            _note(cells, Way.OUR_EVENTS, known, new, used, we_are_producer=True)
    for page, served in theirs.serves.items():
        new_known = ours.knows.get(page)
        if new_known is not None:
            used = we_use.get(page, ())
            _note(cells, Way.OUR_REQUESTS, new_known, served, used, we_are_producer=False)
            _note(cells, Way.ITS_EVENTS, new_known, served, used, we_are_producer=False)
    return Row(theirs.service, {way: cells[way] for way in Way if way in cells})


def _note(
    cells: dict[Way, Cell],
    way: Way,
    reader: Page,
    producer: Page,
    used: Collection[str] | None,
    *,
    we_are_producer: bool,
) -> None:
    events = way in (Way.OUR_EVENTS, Way.ITS_EVENTS)
    if not _speaks(reader, producer, used, events=events):
        return
    cell = _cell(reader, producer, events=events, we_are_producer=we_are_producer)
    before = cells.get(way)
    if before is None or _RANK[cell.may] >= _RANK[before.may]:
        findings = cell.findings + (before.findings if before else ())
        cells[way] = Cell(cell.may, findings)
    else:
        cells[way] = Cell(before.may, before.findings + cell.findings)


_RANK = {May.YES: 0, May.THEY_FIRST: 1, May.UNKNOWN: 2, May.NO: 3}


def _speaks(one: Page, other: Page, used: Collection[str] | None, *, events: bool) -> bool:
    """Whether the two meet on this page at all. Every service speaks the language: it is looked at when it
    differs, so that it isn't a row of its own."""
    if one.service == "core":
        return one != other
    members = [
        member.name
        for page in (one, other)
        for member in (page.events if events else page.operations)
    ]
    return bool(members) if used is None else any(name in used for name in members)


def _cell(reader: Page, producer: Page, *, events: bool, we_are_producer: bool) -> Cell:
    if reader == producer:
        return Cell(May.YES)
    producer_newer = _forbidding(compare(reader, producer), Verdict.PRODUCER, events=events)
    reader_newer = _forbidding(compare(producer, reader), Verdict.CONSUMER, events=events)
    if not producer_newer or not reader_newer:
        return Cell(May.YES)
    # The build is taken for the newer one: what it changes is what people look for.
    found, they_first = (
        (producer_newer, Verdict.CONSUMER) if we_are_producer else (reader_newer, Verdict.PRODUCER)
    )
    verdicts = {_verdict(one, events=events) for one in found}
    return Cell(May.THEY_FIRST if verdicts == {they_first} else May.NO, found)


def _forbidding(
    findings: Iterable[Finding], allowed: Verdict, *, events: bool
) -> tuple[Finding, ...]:
    return tuple(
        one for one in findings if _verdict(one, events=events) not in (Verdict.SAFE, allowed)
    )


def _verdict(finding: Finding, *, events: bool) -> Verdict:
    """What the finding means for requests and their answers, or for events."""
    said = finding.verdicts
    if said:
        return worst(v for way, v in said.items() if (way is Direction.EVT) is events)
    about_events = finding.rule.startswith("E")
    return finding.verdict if about_events is events else Verdict.SAFE
