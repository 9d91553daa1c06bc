from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tools.contracts.form.tree import Accepted, Refused
from tools.contracts.rules.compare import compare
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.proof import Prover
from tools.contracts.rules.tests.pages import Edit, edits, live, page
from tools.contracts.rules.verdict import Direction, Verdict

EDITS = [
    edit
    for file in sorted((Path(__file__).parent / "edits").glob("*.diff"))
    for edit in edits(file)
]


def proved(before: str, after: str) -> list[Finding]:
    old, new = live(page(before)), live(page(after))
    prover = Prover(old.page, new.page, old, new)
    return [prover.proved(one) for one in compare(old.page, new.page)]


def test_a_rename_is_shown_by_what_the_old_one_writes() -> None:
    (finding,) = proved("total: int", "amount: int")

    assert finding.proof is not None
    assert finding.proof.payload in ({"total": 1}, {"amount": 1})
    assert not finding.proof.by_hand


def test_a_tighter_bound_is_shown_at_the_bound() -> None:
    (finding,) = proved("a: int", "a: int = Field(ge=10)")

    assert finding.proof is not None
    assert finding.proof.writer == "old"
    assert "greater than or equal to 10" in finding.proof.outcome


def test_a_tighter_pattern_is_shown_by_a_text_that_only_the_old_one_admits() -> None:
    (finding,) = proved(
        "a: tuple[Annotated[str, StringConstraints(pattern='^[a-z-]+$')], ...]",
        "a: tuple[Annotated[str, StringConstraints(pattern='^[a-z]+$')], ...]",
    )

    assert finding.proof is not None
    assert finding.proof.payload == {"a": ["-"]}


def test_a_changed_default_is_shown_by_what_both_make_of_its_absence() -> None:
    (finding,) = proved("a: int\nb: int = 1", "a: int\nb: int = 2")

    assert finding.proof is not None
    assert finding.proof.payload == {"a": 1}
    assert finding.proof.outcome == "the old form makes 1 of it and the new one 2"


def test_a_validator_is_shown_by_a_value_that_only_one_form_takes() -> None:
    rule = """
        def even(value: int) -> int:
            if value % 2:
                raise ValueError("this is odd")
            return value
        ---
        a: {}
    """
    text = textwrap.dedent(rule)
    (finding,) = proved(text.format("int"), text.format("Annotated[int, AfterValidator(even)]"))

    assert finding.rule == "F33"
    assert finding.proof is not None
    assert "this is odd" in finding.proof.outcome


def test_what_no_writer_of_ours_would_send_is_said_to_be_made_by_hand() -> None:
    (finding,) = proved("", "model_config = ConfigDict(extra='forbid')")

    assert finding.rule == "F30"
    assert finding.proof is not None
    assert finding.proof.by_hand


def test_a_rule_of_policy_says_so_instead() -> None:
    found = proved(
        "class Thing(Value, reserved=('b',)):\n    a: int",
        "class Thing(Value):\n    a: int",
    )

    assert [one.rule for one in found] == ["F35"]
    assert found[0].proof is None
    assert "policy" in found[0].unproved


def test_where_no_payload_is_found_the_finding_says_so() -> None:
    (finding,) = proved("a: Annotated[int, AfterValidator(lambda value: value + 0)]", "a: int")

    assert finding.proof is None
    assert finding.unproved.startswith("none of ")


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.claim)
def test_each_counter_example_holds_when_it_is_run_again(edit: Edit) -> None:
    old, new = live(edit.before), live(edit.after)
    prover = Prover(old.page, new.page, old, new)

    for finding in map(prover.proved, compare(old.page, new.page)):
        if finding.verdict is Verdict.SAFE:
            assert finding.proof is None
            continue
        assert finding.proof or finding.unproved, finding.sentence
        if finding.proof and "refuses" in finding.proof.outcome:
            sides = {"old": (old, finding.models[0]), "new": (new, finding.models[1])}
            reading = prover.reading(finding, finding.proof.direction)
            for name, kind in ((finding.proof.writer, Accepted), (finding.proof.reader, Refused)):
                side, model = sides[name]
                said = side.validate(reading, "", model, finding.proof.payload)
                assert isinstance(said, kind), (finding.sentence, finding.proof)
        assert finding.proof is None or finding.proof.direction in (
            *finding.verdicts,
            Direction.REQ,
        )
