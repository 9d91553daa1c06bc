"""Counter-examples: payloads that are run through both forms of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tools.contracts.form.model import Field, Json, Model, Page
from tools.contracts.form.tree import Accepted, Refused
from tools.contracts.form.tree import Direction as Reading
from tools.contracts.rules.candidates import distinct, for_field, for_model
from tools.contracts.rules.finding import Finding, Proof
from tools.contracts.rules.matching import Matched, matched
from tools.contracts.rules.sides import Reads, Side, all_names, first_steps, plainest, side_of
from tools.contracts.rules.verdict import Direction, Verdict

# So many payloads for a finding; the smallest is kept of the first few that show it, or of those among
# the first many.
MOST, ENOUGH, LONG_ENOUGH = 120, 6, 30
# Rules by which both forms read a payload and make different things of it.
_OTHERWISE = frozenset("F03 F09 F09a F13 F17 F23 F24 F25 F28 F31 F33 F34 F36 F39 F40".split())
_POLICY = {
    "F35": "a rule of policy: only messages of the past would show it",
    "F37": "the name is all that changed: whoever reads the old one does not know the new one",
}


class Prover:
    """Finds payloads for the findings between two forms of one page."""

    def __init__(self, before: Page, after: Page, old: Reads, new: Reads) -> None:
        self._old, self._new = side_of("old", before, old), side_of("new", after, new)
        self._problems = {one.model for page in (before, after) for one in page.problems}
        self._bases: dict[tuple[str, str, str], Json] = {}
        self._fitted: dict[tuple[str, str], Matched] = {}

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
        if len(bases) == 2 and bases[0].keys() != bases[1].keys():
            # What both can read shows this finding where another one would stand in its way.
            bases.insert(0, bases[0] | bases[1])
        values = (self._old.values, self._new.values)
        was, is_ = self._fields(finding)
        if was or is_:
            return distinct(for_field(was, is_, values, bases), MOST)
        return distinct(for_model(old, new, values, bases), MOST)

    def _both(self, finding: Finding) -> tuple[Model, Model]:
        return self._old.models[finding.models[0]], self._new.models[finding.models[1]]

    def _matched(self, finding: Finding) -> Matched:
        if finding.models not in self._fitted:
            self._fitted[finding.models] = matched(*self._both(finding), {})
        return self._fitted[finding.models]

    def _fields(self, finding: Finding) -> tuple[Field | None, Field | None]:
        """The field of the finding in both forms."""
        name = finding.root
        if not name:
            return None, None
        found = self._matched(finding)
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
            self._bases[key] = plainest(side, name, reading)
        return self._bases[key]

    def _proofs(self, finding: Finding, direction: Direction, payloads: list[Json]) -> list[Proof]:
        found: list[Proof] = []
        for number, payload in enumerate(payloads, 1):
            proof = self._proof(finding, direction, payload)
            if proof is not None:
                found.append(proof)
            enough = len(found) >= ENOUGH or number >= LONG_ENOUGH
            if enough and any(not one.by_hand for one in found):
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
    ) -> Proof | None:
        if "F28" in (finding.rule, finding.like) or not self._blamed(finding, refused):
            return None
        # The writer's own words, if they do: somebody else's program may write what ours would not.
        reading = self.reading(finding, direction)
        name = finding.models[reader is self._new]
        again = reader.reads.validate(reading, reader.page.module, name, accepted.written)
        by_hand = isinstance(again, Accepted) or not self._blamed(finding, again)
        said = refused if by_hand else again
        return Proof(
            payload=payload if by_hand else accepted.written,
            direction=direction,
            writer=writer.name,
            reader=reader.name,
            outcome=f"the {reader.name} form refuses it: {getattr(said, 'error', '')}",
            by_hand=by_hand,
        )

    def _blamed(self, finding: Finding, refused: Refused) -> bool:
        """Whether the payload was refused for what the finding is about: there may be others."""
        was, is_ = self._fields(finding)
        blamed = first_steps(refused.error)
        if was or is_:
            return bool(blamed & all_names(was, is_))
        if finding.rule == "F32":
            return True  # then each field of the model is strict
        found = self._matched(finding)
        changed = [one for pair in found.pairs if pair[0] != pair[1] for one in pair]
        return not blamed <= all_names(*found.gone, *found.come, *changed)

    def _otherwise(self, finding: Finding, direction: Direction, payload: Json) -> Proof | None:
        """Both read it; whether both make the same of it. What was left out is seen only in what is
        written whole, as an answer is."""
        if (finding.like or finding.rule) not in _OTHERWISE:
            return None
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
