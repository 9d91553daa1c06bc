"""A change in words: the finding that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tools.contracts.rules.change import Change
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.parameters import Requests
from tools.contracts.rules.spelling import short
from tools.contracts.rules.table import row
from tools.contracts.rules.verdict import Direction, Verdict, worst

_RANK = {v: n for n, v in enumerate("BWCPS")}


def about_model(
    contract: str,
    requests: Requests,
    pair: tuple[str, str],
    change: Change,
    ways: Mapping[Direction, str],
) -> Iterator[Finding]:
    """The findings of one change between two models, which travels in these directions; a parameter
    has one of its own."""
    ways = {d: way for d, way in ways.items() if change.only is None or d in change.only}
    if Direction.REQ in ways:
        said = requests.reads(pair, change)
        if said is not change:
            ways = {d: way for d, way in ways.items() if d is not Direction.REQ}
        if said is not None and said is not change:
            yield _parameter(contract, pair, change, said)
    verdicts = {
        d: verdict for d, verdict in row(change.rule, change.case).verdicts.items() if d in ways
    }
    if verdicts:
        envelope = contract == "core/feed" and pair[1] == "CloudEvent"
        yield _finding(
            contract,
            pair[0] if change.removed else pair[1],
            change,
            verdicts,
            rule="E03" if envelope else change.rule,
            like=change.rule if envelope else "",
            reached={d: ways[d] for d in verdicts},
            pair=pair,
        )


def _parameter(contract: str, pair: tuple[str, str], change: Change, said: Change) -> Finding:
    table = row(change.rule, change.case)
    # A default is the server's to apply, and a link that leaves it out is kept by strangers.
    verdict = Verdict.BREAKING if change.rule == "F28" else table.verdicts[Direction.REQ]
    return _finding(
        contract,
        pair[1],
        said,
        {Direction.REQ: verdict},
        rule="O05",
        like=change.rule,
        pair=pair,
    )


def about_contract(
    contract: str, subject: str, change: Change, way: Direction | None = None
) -> Finding:
    """The finding of a change that is not about a model; `way` is how that travels which it is about."""
    table = row(change.rule, change.case)
    verdicts = {} if way is None or table.single else {way: table.verdicts[way]}
    return _finding(contract, subject, change, verdicts, rule=change.rule)


def _finding(
    contract: str,
    subject: str,
    change: Change,
    verdicts: Mapping[Direction, Verdict],
    *,
    rule: str,
    like: str = "",
    reached: Mapping[Direction, str] | None = None,
    pair: tuple[str, str] = ("", ""),
) -> Finding:
    table = row(like or rule, change.case)
    place = short(subject) + (f".{change.path}" if change.path else "")
    return Finding(
        rule=rule,
        contract=contract,
        subject=subject,
        field=change.path,
        verdict=table.single or worst(verdicts.values()),
        verdicts=dict(verdicts),
        case=change.case,
        like=like,
        sentence=f"{place} {change.what}: {table.follows}",
        mend=table.mend,
        where=change.where,
        removed=change.removed,
        models=pair,
        reached=dict(reached or {}),
    )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each once, the worst first, then by place."""
    once = {(one.contract, one.models, one.rule, one.sentence): one for one in findings}
    return tuple(
        sorted(
            once.values(),
            key=lambda one: (_RANK[one.verdict], one.contract, one.subject, one.field, one.rule),
        )
    )
