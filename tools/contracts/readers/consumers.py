"""Whom a finding reaches: the lines that read, write or match what changed, and those who only parse it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from tools.contracts.form.model import Page, Place
from tools.contracts.readers.model import Kind, Match, Use, is_test, place_of
from tools.contracts.readers.reach import Reach
from tools.contracts.rules.finding import Consumer, Finding
from tools.contracts.rules.matching import matched
from tools.contracts.rules.table import row
from tools.contracts.rules.verdict import Direction, Verdict, worst

_ORDER = ("unhandled", "matched", "read", "written", "sent", "served", "heard", "unknown", "parsed")
_LOOKS = {"read", "matched", "unhandled"}
# Rules after which a value may come that nobody knew.
_NEW_VALUES = {"F18", "F20", "F23"}


def with_consumers(
    reach: Reach, finding: Finding, old: Page | None, new: Page | None, today: date
) -> Finding:
    """The finding with those that it reaches, and with the verdict that follows from there being any."""
    found = dict.fromkeys(_consumers(reach, finding, old, new))
    consumers = sorted(
        found,
        key=lambda one: (
            one.tests,
            one.service,
            _ORDER.index(one.use),
            one.where.file,
            one.where.line,
        ),
    )
    return _judged(replace(finding, consumers=tuple(consumers)), today)


def _consumers(
    reach: Reach, finding: Finding, old: Page | None, new: Page | None
) -> Iterator[Consumer]:
    owner = class_of(finding.contract, finding.subject)
    if not finding.field:
        yield from (_consumer(reach, use) for use in reach.of_class(owner))
        if finding.rule == "O08" and finding.case == "added":
            yield from _unhandled_problems(reach, owner, finding, new)
        return
    if finding.rule == "F35":
        return  # a policy: nobody's code speaks of a reserved name
    places = set()
    for member in _names(finding, old, new):
        for use in reach.of_member(owner, member):
            if not is_test(use.file):
                places.add(place_of(use.file))
            yield _consumer(reach, use)
        for inner in reach.members(owner, member):
            shape = reach.shapes.get(inner)
            if shape and shape.kind == "enum":
                yield from _of_enum(reach, inner, finding)
    for place, use in reach.receivers(owner).items():
        if place not in places:
            yield _consumer(reach, use, kind="parsed")


def class_of(contract: str, subject: str) -> str:
    """The full name of the class that a page calls so: `contracts.orders.v1.Order`."""
    plain = subject.partition("[")[0]
    if "." in plain:
        return f"contracts.{plain}"
    return f"contracts.{contract.replace('/', '.')}.{plain}"


def _names(finding: Finding, old: Page | None, new: Page | None) -> tuple[str, ...]:
    """The Python names of the field, before and now."""
    names = [finding.root]
    if old and new and all(finding.models):
        was, is_ = old.model(finding.models[0]), new.model(finding.models[1])
        names += [
            one.name for one, other in matched(was, is_, {}).pairs if other.name == finding.root
        ]
    return tuple(dict.fromkeys(names))


def _of_enum(reach: Reach, enum: str, finding: Finding) -> Iterator[Consumer]:
    """Who tells the enum's values apart: of these a new value, or one that is gone, is the concern."""
    for use in reach.of_enum(enum):
        if use.kind in (Kind.MATCHED, Kind.READ):
            yield _consumer(reach, use)
    if (finding.like or finding.rule) in _NEW_VALUES:
        members = {f"{enum}.{name}" for name in reach.shapes[enum].members}
        for match in reach.matches:
            if enum in match.subject and not match.otherwise:
                missing = members - set(match.handled)
                # Both what is UNKNOWN to an old reader and a table's missing key are an end of their own.
                if missing and len(match.handled) > 1:
                    yield _unhandled(match, missing)


def _unhandled_problems(
    reach: Reach, request: str, finding: Finding, new: Page | None
) -> Iterator[Consumer]:
    """Each `match` on the request's answer that has no case for the problem that was added."""
    wire = finding.sentence
    added = {
        class_of(finding.contract, problem.name)
        for problem in (new.problems if new else ())
        if re.search(rf"{re.escape(problem.type)}(?![\w/-])", wire)
    }
    shape = reach.shapes.get(request)
    if shape is None or not added:
        return
    serving = {place_of(use.file) for use in reach.of_class(request) if use.kind is Kind.SERVED}
    for match in reach.matches:
        # A helper may pass the answer on; in the service that gives it, it does not come from a peer.
        asks = match.operation == request or (
            not match.operation
            and place_of(match.file) not in serving
            and set(match.subject) & set(shape.answers)
            and set(match.subject) & {*shape.problems}
        )
        if asks and not match.otherwise:
            handled = set(match.handled)
            missing = {
                one
                for one in added
                if not handled & {one, *getattr(reach.shapes.get(one), "bases", ())}
                and "contracts.core.problems.Problem" not in handled
            }
            if missing:
                yield _unhandled(match, missing)


def _unhandled(match: Match, missing: Iterable[str]) -> Consumer:
    short = [".".join(one.split(".")[3:]) for one in sorted(missing)]
    return Consumer(
        service=_service(match.file),
        where=Place(match.file, match.line),
        use="unhandled",
        text=f"no case for {', '.join(short)}",
        tests=is_test(match.file),
    )


def _consumer(reach: Reach, use: Use, kind: str = "") -> Consumer:
    return Consumer(
        service=_service(use.file),
        where=Place(use.file, use.line),
        use=kind or use.kind.value,
        text=use.text,
        tests=is_test(use.file),
        gone=reach.is_gone(use),
    )


def _service(file: str) -> str:
    return place_of(file).removeprefix("services/")


def _judged(finding: Finding, today: date) -> Finding:
    """The verdicts that depend on whether there is a consumer."""
    own = finding.contract.partition("/")[0]
    others = [one for one in finding.consumers if not one.tests and one.service != own]
    if (finding.like or finding.rule) == "F03" and any(one.use in _LOOKS for one in others):
        verdicts = {
            direction: Verdict.BREAKING if verdict is Verdict.LOOK else verdict
            for direction, verdict in finding.verdicts.items()
        }
        if Direction.REQ not in verdicts or len(verdicts) > 1:
            return replace(finding, verdicts=verdicts, verdict=worst(verdicts.values()))
    if (finding.rule, finding.case) == ("E01", "removed"):
        if not any(one.use == "heard" for one in finding.consumers if not one.tests):
            unheard = row("E01", "unheard")
            sentence = finding.sentence.replace(row("E01", "removed").follows, unheard.follows)
            return replace(
                finding,
                case="unheard",
                verdict=unheard.single or finding.verdict,
                sentence=sentence,
                mend=unheard.mend,
            )
    if (finding.rule, finding.case) == ("O02", "sunset"):
        sunset = re.search(r"sunset is (\d{4}-\d\d-\d\d)", finding.sentence)
        if (
            sunset
            and sunset[1] < today.isoformat()
            and not any(one.use == "sent" for one in others)
        ):
            sentence = finding.sentence.partition(":")[0] + ": that is past, and nobody asks it"
            return replace(finding, verdict=Verdict.SAFE, sentence=sentence, mend="none is needed")
    return finding
