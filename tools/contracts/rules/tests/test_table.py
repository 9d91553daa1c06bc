from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from tools.contracts.rules.table import ROWS, RULES
from tools.contracts.rules.tests.pages import edits
from tools.contracts.rules.verdict import Direction, Verdict, worst

PAGES = Path(__file__).parents[4] / "docs/contracts"
EDITS = [
    edit
    for file in sorted((Path(__file__).parent / "edits").glob("*.diff"))
    for edit in edits(file)
]
# What no page can say yet is in test_forms; E05 is found by the index of the code.
BY_HAND = {"O10", "E03", "E05", "E06"}


def test_the_rules_are_those_of_the_specification() -> None:
    fields = [f"F{n:02}" for n in range(1, 41)]
    for after, more in (("F09", ["F09a"]), ("F15", ["F15a", "F15b"])):
        fields[fields.index(after) + 1 : fields.index(after) + 1] = more

    assert list(RULES) == [
        *fields,
        *(f"O{n:02}" for n in range(1, 16)),
        *(f"E{n:02}" for n in range(1, 8)),
    ]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_an_edit_that_it_finds_and_one_that_it_leaves_alone(rule: str) -> None:
    found = [edit for edit in EDITS if rule in edit.rules]
    nearly = [edit for edit in EDITS if edit.claim.startswith(f"not {rule}:")]

    assert found or rule in BY_HAND
    assert nearly or rule in BY_HAND
    assert all(rule not in edit.rules for edit in nearly)


@pytest.mark.parametrize("rule", RULES)
def test_the_page_of_a_rule_says_what_the_table_says(rule: str) -> None:
    page = (PAGES / f"{rule}.md").read_text()

    assert page.startswith(f"# {rule}: ")
    assert "```diff" in page
    said = {
        cells[0]: cells[1:]
        for line in page.splitlines()
        if line.startswith("| ")
        and (cells := [cell.strip() for cell in line.strip("|").split("|")])
    }
    for (name, case), row in ROWS.items():
        if name == rule:
            verdicts = [row.verdicts.get(way, "n/a") for way in Direction]
            expected = [*([row.single] if row.single else verdicts), row.follows]
            assert said[case or "any"] == [str(one) for one in expected]
            assert row.mend in " ".join(page.split())


def test_the_list_of_rules_leads_to_each_page() -> None:
    links = re.findall(r"\| \[(\w+)\]\((\w+)\.md\) \|", (PAGES / "README.md").read_text())

    assert links == [(rule, rule) for rule in RULES]
    assert {file.stem for file in PAGES.glob("*.md")} == {*RULES, "README"}


def test_verdicts_of_a_message_are_ordered_and_two_orders_leave_none() -> None:
    safe, first, last, look, breaks = "SPCWB"

    assert worst([]) == safe
    assert worst([Verdict(safe), Verdict(first)]) == first
    assert worst([Verdict(first), Verdict(last)]) == breaks
    assert worst([Verdict(last), Verdict(look)]) == look
    assert worst([Verdict(first), Verdict(last), Verdict(look)]) == breaks
    assert all(worst([Verdict(breaks), one]) == breaks for one in Verdict)
    assert all(worst([a, b]) == worst([b, a]) for a, b in product(Verdict, repeat=2))
