"""May this build of a service be put beside what runs? Each neighbour, in both directions.

Who writes and who reads were built from two forms of one page. Where the writer's is the newer one, all that
lies between must be S or P (the producer may come first); where the reader's is, S or C. The verdicts
speak of time: a refusal that is taken away harms nobody, but who doesn't know it yet may still get it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from tools.contracts.deploy.running import Built
from tools.contracts.deploy.uses import used_part
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


def row(ours: Built, theirs: Built, newer: Collection[str] = ()) -> Row:
    """How this build of ours goes with the neighbour that runs. `newer` are the pages of which it has a
    newer form than we do, as when an old build is to come back."""
    cells: dict[Way, Cell] = {}
    for page in ours.serves.keys() & theirs.knows.keys():
        pair = theirs.knows[page], ours.serves[page], theirs.uses.get(page)
        _note(cells, Way.ITS_REQUESTS, *pair, we_are_producer=True, we_are_newer=page not in newer)
        _note(cells, Way.OUR_EVENTS, *pair, we_are_producer=True, we_are_newer=page not in newer)
    for page in theirs.serves.keys() & ours.knows.keys():
        pair = ours.knows[page], theirs.serves[page], ours.uses.get(page)
        _note(cells, Way.OUR_REQUESTS, *pair, we_are_producer=False, we_are_newer=page not in newer)
        _note(cells, Way.ITS_EVENTS, *pair, we_are_producer=False, we_are_newer=page not in newer)
    return Row(theirs.service, {way: cells[way] for way in Way if way in cells})


def _note(
    cells: dict[Way, Cell],
    way: Way,
    reader: Page,
    producer: Page,
    used: Collection[str] | None,
    *,
    we_are_producer: bool,
    we_are_newer: bool,
) -> None:
    """Look at what the reader uses of a page, and keep the worse of this and what was found before."""
    events = way in (Way.OUR_EVENTS, Way.ITS_EVENTS)
    if reader.service == "core":
        # Every service speaks the language with every other: only a difference is worth a word.
        if reader == producer:
            return
    else:
        reader, producer = (
            used_part(page, used, requests=not events, events=events) for page in (reader, producer)
        )
        if not (reader.operations or reader.events or producer.operations or producer.events):
            return
    reader_is_newer = we_are_newer is not we_are_producer
    cell = _cell(reader, producer, events=events, reader_is_newer=reader_is_newer)
    if cell.may is May.THEY_FIRST and not we_are_newer:
        cell = replace(
            cell, may=May.NO
        )  # they are: it is we who would have to go first, by a newer build
    known = cells.get(way, Cell(May.YES))
    may = max(cell.may, known.may, key=_RANK.__getitem__)
    cells[way] = Cell(may, known.findings + cell.findings)


_RANK = {May.YES: 0, May.THEY_FIRST: 1, May.UNKNOWN: 2, May.NO: 3}


def _cell(reader: Page, producer: Page, *, events: bool, reader_is_newer: bool) -> Cell:
    if reader == producer:
        return Cell(May.YES)
    old, new = (producer, reader) if reader_is_newer else (reader, producer)
    first, later = Verdict.CONSUMER, Verdict.PRODUCER
    if not reader_is_newer:
        first, later = later, first
    found = _forbidding(compare(old, new), first, events=events)
    if not found:
        return Cell(May.YES)
    verdicts = {_verdict(one, events=events) for one in found}
    return Cell(May.THEY_FIRST if verdicts == {later} else May.NO, found)


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
