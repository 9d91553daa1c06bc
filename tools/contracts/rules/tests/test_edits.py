from __future__ import annotations

from pathlib import Path

import pytest

from tools.contracts.rules.compare import compare
from tools.contracts.rules.tests.pages import Edit, edits, recorded, verdicts

FILES = sorted((Path(__file__).parent / "edits").glob("*.diff"))
EDITS = [
    pytest.param(edit, id=f"{file.stem}: {edit.claim}") for file in FILES for edit in edits(file)
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_has_the_verdict_of_the_specification(edit: Edit) -> None:
    before, after = recorded(edit.before), recorded(edit.after)

    found = compare(before, after)

    assert {one.rule for one in found} == edit.rules, [one.sentence for one in found]
    assert verdicts(found) == edit.verdicts, [one.sentence for one in found]


def test_there_are_enough_edits_to_dispute() -> None:
    assert len(EDITS) >= 150
    assert len({edit.id for edit in EDITS}) == len(EDITS)
