"""Counter-examples: payloads that are run through both forms of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tools.contracts.form.model import Field, Json, Model, Page
from tools.contracts.form.tree import Accepted, Refused
from tools.contracts.form.tree import Direction as Reading
from tools.contracts.rules.candidates import distinct, for_field, for_model
from tools.contracts.rules.finding import Finding, Proof
from tools.contracts.rules.matching import matched
from tools.contracts.rules.values import Values
from tools.contracts.rules.verdict import Direction, Verdict

# Payloads per finding; of those that show it, the smallest of the first few is kept.
MOST, ENOUGH = 120, 6
_POLICY = {
    "F35": "a rule of policy: only messages of the past would show it",
    "F37": "the name is all that changed: whoever reads the old one does not know the new one",
}
_BASES = 40


class Reads(Protocol):
    """What a tree can do; see `tools.contracts.form.tree.Tree`."""

    def validate(
        self, direction: Reading, module: str, model: str, payload: Json
    ) -> Accepted | Refused: ...


@dataclass(frozen=True, slots=True)
class Side:
    """One form of the page, and the process that reads as it says."""

    name: str
    page: Page
    reads: Reads
    models: Mapping[str, Model]
    values: Values


class Prover:
    """Finds payloads for the findings between two forms of one page."""

    def __init__(self, before: Page, after: Page, old: Reads, new: Reads) -> None:
        self._old, self._new = _side("old", before, old), _side("new", after, new)
        self._problems = {one.model for page in (before, after) for one in page.problems}
        self._bases: dict[tuple[str, str, str], Json] = {}

    def proved(self, finding: Finding) -> Finding:
        """The finding with a payload that shows it, or with the reason why there is none."""
        if finding.verdict is Verdict.SAFE:
            return finding
        if finding.rule in _POLICY:
            return replace(finding, unproved=_POLICY[finding.rule])
        if not all(finding.models):
            return replace(finding, unproved="it is about what surrounds the payload")
        tried = 0
        for direction in _worst_first(finding):
            payloads = self._payloads(finding, direction)
            tried += len(payloads)
            proofs = self._proofs(finding, direction, payloads)
            if proofs:
                return replace(finding, proof=min(proofs, key=_rank))
        if not tried:
            return replace(finding, unproved="no payload could be made that either form reads")
        return replace(finding, unproved=f"none of {tried} payloads tells one form from the other")

    def _payloads(self, finding: Finding, direction: Direction) -> list[Json]:
        old, new = self._both(finding)
        reading = self.reading(finding, direction)
        bases = [
            base
            for side, name in zip((self._old, self._new), finding.models, strict=True)
            if (base := self._base(side, name, reading)) is not None
        ]
        values = (self._old.values, self._new.values)
        was, is_ = self._fields(finding)
        if was or is_:
            return distinct(for_field(was, is_, values, bases), MOST)
        return distinct(for_model(old, new, values, bases), MOST)

    def _both(self, finding: Finding) -> tuple[Model, Model]:
        return self._old.models[finding.models[0]], self._new.models[finding.models[1]]

    def _fields(self, finding: Finding) -> tuple[Field | None, Field | None]:
        """The field of the finding in both forms."""
        old, new = self._both(finding)
        name = finding.root
        if not name:
            return None, None
        found = matched(old, new, {})
        for was, is_ in found.pairs:
            if (was if finding.removed else is_).name == name:
                return was, is_
        gone = next((one for one in found.gone if one.name == name), None)
        come = next((one for one in found.come if one.name == name), None)
        return gone, come

    def reading(self, finding: Finding, direction: Direction) -> Reading:
        """How a message of this direction is read."""
        if "F32" in (finding.rule, finding.like) and direction is not Direction.REQ:
            return "problem"  # the one message that is read leniently
        if direction is Direction.REQ:
            return "request"
        if finding.models[1] in self._problems:
            return "problem"
        return "answer" if direction is Direction.RES else "event"

    def _base(self, side: Side, name: str, reading: Reading) -> Json:
        """The plainest object that this form reads; None when none was found."""
        key = (side.name, name, reading)
        if key not in self._bases:
            self._bases[key] = _read_by(side, name, reading)
        return self._bases[key]

    def _proofs(self, finding: Finding, direction: Direction, payloads: list[Json]) -> list[Proof]:
        found: list[Proof] = []
        for payload in payloads:
            proof = self._proof(finding, direction, payload)
            if proof is not None:
                found.append(proof)
            if len(found) == ENOUGH and any(not one.by_hand for one in found):
                break
        return found

    def _proof(self, finding: Finding, direction: Direction, payload: Json) -> Proof | None:
        reading = self.reading(finding, direction)
        old, new = (
            side.reads.validate(reading, side.page.module, name, payload)
            for side, name in zip((self._old, self._new), finding.models, strict=True)
        )
        if isinstance(old, Accepted) and isinstance(new, Refused):
            return self._refused(finding, direction, payload, old, new, self._old, self._new)
        if isinstance(old, Refused) and isinstance(new, Accepted):
            return self._refused(finding, direction, payload, new, old, self._new, self._old)
        if isinstance(old, Accepted) and isinstance(new, Accepted):
            return self._otherwise(finding, direction, payload)
        return None

    def _refused(
        self,
        finding: Finding,
        direction: Direction,
        payload: Json,
        accepted: Accepted,
        refused: Refused,
        writer: Side,
        reader: Side,
    ) -> Proof:
        # The writer's own words, if they do: somebody else's program may write what ours would not.
        reading = self.reading(finding, direction)
        name = finding.models[reader is self._new]
        again = reader.reads.validate(reading, reader.page.module, name, accepted.written)
        by_hand = isinstance(again, Accepted)
        said = refused if by_hand else again
        return Proof(
            payload=payload if by_hand else accepted.written,
            direction=direction,
            writer=writer.name,
            reader=reader.name,
            outcome=f"the {reader.name} form refuses it: {getattr(said, 'error', '')}",
            by_hand=by_hand,
        )

    def _otherwise(self, finding: Finding, direction: Direction, payload: Json) -> Proof | None:
        """Both read it; whether both make the same of it. What was left out is seen only in what is
        written whole, as an answer is."""
        reading: Reading = (
            "answer" if direction is Direction.REQ else self.reading(finding, direction)
        )
        old, new = (
            side.reads.validate(reading, side.page.module, name, payload)
            for side, name in zip((self._old, self._new), finding.models, strict=True)
        )
        if not (isinstance(old, Accepted) and isinstance(new, Accepted)):
            return None
        was, is_ = self._fields(finding)
        if was or is_:
            makes, made = _of(new.written, is_), _of(old.written, was)
            if was and is_ and is_.computed and was.writes != is_.writes:
                makes, made = {is_.writes: makes}, {was.writes: made}
        else:
            makes, made = new.written, old.written
        if makes == made:
            return None
        return Proof(
            payload=payload,
            direction=direction,
            writer="old",
            reader="new",
            outcome=f"the old form makes {_short(made)} of it and the new one {_short(makes)}",
        )


_NOTHING = object()


def _of(written: Json, field: Field | None) -> Any:
    if field is None or field.writes is None or not isinstance(written, dict):
        return _NOTHING
    return written.get(field.writes, _NOTHING)


def _short(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= 60 else f"{said[:57]}..."


def _rank(proof: Proof) -> tuple[bool, int]:
    return proof.by_hand, len(json.dumps(proof.payload))


def _worst_first(finding: Finding) -> Iterator[Direction]:
    order = (Verdict.BREAKING, Verdict.LOOK, Verdict.CONSUMER, Verdict.PRODUCER)
    for verdict in order:
        yield from (way for way, said in finding.verdicts.items() if said is verdict)


def _side(name: str, page: Page, reads: Reads) -> Side:
    models = {one.name: one for one in page.models}
    return Side(name, page, reads, models, Values(models))


def _read_by(side: Side, name: str, reading: Reading) -> Json:
    """Tries value after value in the field that was refused last."""
    model = side.models[name]
    choices = {
        field.writes or field.reads[0]: list(side.values.field(field))[:24] or [None]
        for field in model.fields
        if field.reads and field.required
    }
    turn = dict.fromkeys(choices, 0)
    for _ in range(_BASES):
        payload = {key: choices[key][turn[key]] for key in choices}
        said = side.reads.validate(reading, side.page.module, name, payload)
        if isinstance(said, Accepted):
            return payload
        wrong = next((key for key in choices if _names(said.error, key)), None)
        if wrong is None or turn[wrong] + 1 == len(choices[wrong]):
            break
        turn[wrong] += 1
    return next(
        (
            one
            for one in (*model.examples, *side.values.objects(model))
            if isinstance(side.reads.validate(reading, side.page.module, name, one), Accepted)
        ),
        None,
    )


def _names(error: str, key: str) -> bool:
    first = error.removeprefix("ValueError: ").lstrip("/")
    return first.startswith((f"{key}:", f"{key}/"))
