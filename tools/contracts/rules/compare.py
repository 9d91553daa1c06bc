"""Two forms of one contract, compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from tools.contracts.form.model import Event, Operation, Page, Problem
from tools.contracts.rules.answers import paired, problem_pairs, problems
from tools.contracts.rules.change import Change, Meeting, World
from tools.contracts.rules.events import event_pairs, events
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.findings import about_contract, about_model, worst_first
from tools.contracts.rules.models import models
from tools.contracts.rules.operations import operations, pairs
from tools.contracts.rules.parameters import Requests
from tools.contracts.rules.types import types
from tools.contracts.rules.verdict import Direction


def compare(old: Page | None, new: Page | None) -> tuple[Finding, ...]:
    """What changed on the wire between two forms of one version of a contract, worst first. None is a
    page that is not there. Everything else that a finding needs (consumers, proofs, waivers) is
    added to it later.

    Each pair of models that meet is compared once, in whatever directions it travels, so the cost
    is that of the models.
    """
    some = new or old
    if some is None:
        return ()
    before = old or Page(service=some.service, version=some.version)
    after = new or Page(service=some.service, version=some.version)
    contract = f"{some.service}/{some.version}"
    world, requests = World(before, after), Requests(before, after)
    reached, found = _met(world, before, after, requests)
    promised = {(was.model, is_.model) for was, is_ in _promises(before, after)}
    findings = [
        finding
        for (was, is_), ways in reached.items()
        for change in found[was, is_]
        # A class that is a promise by itself is renamed as that: O15, F37 of an event.
        if not (change.rule == "F37" and (was, is_) in promised)
        for finding in about_model(contract, requests, (was, is_), change, ways)
    ]
    for said in operations(before, after):
        findings.append(about_contract(contract, said.subject, requests.body(said)))
    for name, change in problems(before, after):
        findings.append(about_contract(contract, name, change, Direction.RES))
    for name, change in events(before, after):
        findings.append(about_contract(contract, name, change, Direction.EVT))
    return worst_first(findings)


Promise = Operation | Problem | Event
Pair = tuple[str, str]
Ways = Mapping[Direction, str]


def _met(
    world: World, old: Page, new: Page, requests: Requests
) -> tuple[dict[Pair, dict[Direction, str]], dict[Pair, list[Change]]]:
    """Each pair of models that stand in the same place somewhere, with the way by which it is reached
    in each direction, and what changed between the two."""
    reached: dict[Pair, dict[Direction, str]] = {}
    changes: dict[Pair, list[Change]] = {}
    onward: dict[Pair, list[Meeting]] = {}
    pending = deque(_roots(world, old, new))
    while pending:
        pair, direction, way = pending.popleft()
        ways = reached.setdefault(pair, {})
        if direction in ways:
            continue
        ways[direction] = way
        if pair not in changes:
            found = list(
                models(world, world.old[pair[0]], world.new[pair[1]], requests.renamed.get(pair))
            )
            changes[pair] = [one for one in found if isinstance(one, Change)]
            onward[pair] = [one for one in found if isinstance(one, Meeting)]
        for one in onward[pair]:
            if one.only is None or direction in one.only:
                pending.append(((one.old, one.new), direction, f"{way}.{one.path}"))
    return reached, changes


def _promises(old: Page, new: Page) -> Iterator[tuple[Promise, Promise]]:
    yield from pairs(old, new)
    yield from problem_pairs(old, new)
    yield from event_pairs(old, new)


def _roots(world: World, old: Page, new: Page) -> Iterator[tuple[Pair, Direction, str]]:
    """The models that operations, problems and events name."""
    for was, is_ in pairs(old, new):
        yield (was.model, is_.model), Direction.REQ, is_.name
        for one, other in paired(was, is_):
            # A page where all of it was answered is another answer.
            kept = one.paged or not other.paged
            if one.type is not None and other.type is not None and kept:
                for found in types(world, one.type, other.type):
                    if isinstance(found, Meeting):
                        yield (found.old, found.new), Direction.RES, f"{is_.name} answers"
    for problem, problem_now in problem_pairs(old, new):
        yield (problem.model, problem_now.model), Direction.RES, problem_now.name
    for event, event_now in event_pairs(old, new):
        yield (event.model, event_now.model), Direction.EVT, event_now.name
    if (old.service, old.version) == ("core", "feed"):
        for envelope in ("CloudEvent",):
            if envelope in world.old and envelope in world.new:
                yield (envelope, envelope), Direction.EVT, envelope
