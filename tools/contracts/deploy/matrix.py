"""May this build of a service be put beside what runs? Each neighbour, in both directions.

Whoever sends and whoever reads were built from two forms of one page. That goes well when the reader's form
is the older one and only S and P lie between (the producer may come first), or when it is the newer
one and only S and C do; so a pair is looked at both ways, and one is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
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


def row(ours: Built, theirs: Built) -> Row:
    """How this build of ours goes with the neighbour that runs."""
    cells: dict[Way, Cell] = {}
    for page in ours.serves.keys() & theirs.knows.keys():
        pair = theirs.knows[page], ours.serves[page], theirs.uses.get(page)
        _note(cells, Way.ITS_REQUESTS, *pair, we_are_producer=True)
        _note(cells, Way.OUR_EVENTS, *pair, we_are_producer=True)
    for page in theirs.serves.keys() & ours.knows.keys():
        pair = ours.knows[page], theirs.serves[page], ours.uses.get(page)
        _note(cells, Way.OUR_REQUESTS, *pair, we_are_producer=False)
        _note(cells, Way.ITS_EVENTS, *pair, we_are_producer=False)
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
    """Look at what the reader uses of a page, and keep the worse of this and what was found before."""
    events = way in (Way.OUR_EVENTS, Way.ITS_EVENTS)
    if reader.service == "core":
        # Every service speaks the language with every other: only a difference is worth a word.
        if reader == producer:
            return
    else:
        reader, producer = (_used(page, used, events=events) for page in (reader, producer))
        if not (reader.operations or reader.events or producer.operations or producer.events):
            return
    cell = _cell(reader, producer, events=events, we_are_producer=we_are_producer)
    known = cells.get(way, Cell(May.YES))
    may = max(cell.may, known.may, key=_RANK.__getitem__)
    cells[way] = Cell(may, known.findings + cell.findings)


def _used(page: Page, names: Collection[str] | None, *, events: bool) -> Page:
    """The page without what is not used, nor said on this way."""
    operations = tuple(o for o in page.operations if names is None or o.name in names)
    refusals = {problem for operation in operations for problem in operation.problems}
    return replace(
        page,
        operations=() if events else operations,
        problems=() if events else tuple(p for p in page.problems if p.type in refusals),
        events=tuple(e for e in page.events if names is None or e.name in names) if events else (),
    )


_RANK = {May.YES: 0, May.THEY_FIRST: 1, May.UNKNOWN: 2, May.NO: 3}


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
