"""In which order to deploy, from what was found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.contracts.rules.finding import Finding
from tools.contracts.rules.verdict import Verdict

LANGUAGE = "core"


@dataclass(frozen=True, slots=True, order=True)
class Before:
    """One service has to be deployed before another, because of this rule and subject."""

    first: str
    then: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`waves` are deployed one after the other; those of one wave in any order, sorted. A service that no
    finding touches is in none. `circles` are services of which each would have to come first: no
    order is left, so what binds them is breaking."""

    waves: tuple[tuple[str, ...], ...]
    circles: tuple[tuple[str, ...], ...]
    because: tuple[Before, ...]

    @property
    def sentence(self) -> str:
        """The plan for people; empty when any order will do."""
        if self.circles:
            said = (f"{_listed(one)} would each have to come first" for one in self.circles)
            return f"{'; '.join(said)}: no order is left"
        if not self.waves:
            return ""
        first, *later = (_listed(wave) for wave in self.waves)
        return f"deploy {first} first" + "".join(f", then {wave}" for wave in later)


def plan(
    findings: Iterable[Finding],
    knowing: Mapping[str, Collection[str]],
    touches: Callable[[Finding, str], bool] = lambda _, __: True,
) -> Plan:
    """The order that the findings ask for. `knowing` says for a contract (`orders/v1`) which services
    were built against it, `touches` whether one of them uses what the finding is about; a waived
    finding asks for nothing."""
    because = tuple(
        sorted({one for finding in findings for one in _asked(finding, knowing, touches)})
    )
    before: dict[str, set[str]] = {}
    for one in because:
        before.setdefault(one.then, set()).add(one.first)
        before.setdefault(one.first, set())
    circles = _circles(before)
    inside = {name: circle for circle in circles for name in circle}
    left = {
        name: {first for first in firsts if inside.get(first, first) != inside.get(name, name)}
        for name, firsts in before.items()
    }
    return Plan(tuple(_waves(left, inside)), circles, because)


def _asked(
    finding: Finding,
    knowing: Mapping[str, Collection[str]],
    touches: Callable[[Finding, str], bool],
) -> Iterator[Before]:
    service = finding.contract.partition("/")[0]
    if finding.verdict not in (Verdict.PRODUCER, Verdict.CONSUMER) or finding.waived:
        return
    consumers = knowing.get(finding.contract, ())
    # Each service speaks the language with each other one, in both roles.
    producers = sorted(consumers) if service == LANGUAGE else [service]
    why = f"{finding.rule} {finding.subject}" + (f".{finding.field}" if finding.field else "")
    for producer in producers:
        for consumer in consumers:
            if producer != consumer and (service == LANGUAGE or touches(finding, consumer)):
                pair = (producer, consumer)
                yield Before(*(pair if finding.verdict is Verdict.PRODUCER else pair[::-1]), why)


def _waves(
    before: Mapping[str, set[str]], inside: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, ...]]:
    """Those of a circle are in no wave, and nobody waits for them."""
    left = {name: {one for one in firsts if one not in inside} for name, firsts in before.items()}
    left = {name: firsts for name, firsts in left.items() if name not in inside}
    while left:
        wave = tuple(sorted(name for name, firsts in left.items() if not firsts & left.keys()))
        yield wave
        left = {name: firsts for name, firsts in left.items() if name not in wave}


def _circles(before: Mapping[str, set[str]]) -> tuple[tuple[str, ...], ...]:
    """The services that wait, over others, for themselves; those that wait for each other together."""
    reached = {name: _reached(name, before) for name in before}
    return tuple(
        sorted(
            {
                tuple(sorted(o for o in reached[name] if name in reached[o]))
                for name in before
                if name in reached[name]
            }
        )
    )


def _reached(name: str, before: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = [name]
    while pending:
        further = before[pending.pop()] - found
        found |= further
        pending += further
    return found


def _listed(names: Collection[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last
