from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tools.contracts.rules.tests.pages import difference
from tools.contracts.rules.waivers import waived

TODAY = date(2026, 11, 22)
WAIVER = """
[[waiver]]
rule = "F03"
field = "v1.Thing.b"
reason = "the app that showed it is gone"
owner = "orders"
expires = 2027-01-31
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "contracts/shop").mkdir(parents=True)
    return tmp_path


def says(root: Path, text: str) -> None:
    (root / "contracts/shop/waivers.toml").write_text(text)


def test_a_waiver_covers_its_rule_at_its_place_and_nothing_else(root: Path) -> None:
    says(root, WAIVER)

    found = waived(root, difference("a: int\nb: str = ''\nc: bool = True", "a: int"), TODAY)

    assert {one.place: one.waived for one in found.findings} == {
        "Thing.b": "the app that showed it is gone (orders, until 2027-01-31)",
        "Thing.c": "",
    }
    assert not found.complaints


def test_an_expired_waiver_fails_also_when_it_would_cover_something(root: Path) -> None:
    says(root, WAIVER.replace("2027-01-31", "2026-11-21"))

    found = waived(root, difference("a: int\nb: str = ''", "a: int"), TODAY)

    assert [one.waived for one in found.findings] == [""]
    (complaint,) = found.complaints
    assert complaint.fails
    assert str(complaint.where) == "contracts/shop/waivers.toml:2"
    assert "ended on 2026-11-21 (orders)" in complaint.sentence


def test_a_waiver_still_holds_on_its_last_day(root: Path) -> None:
    says(root, WAIVER.replace("2027-01-31", "2026-11-22"))

    found = waived(root, difference("a: int\nb: str = ''", "a: int"), TODAY)

    assert found.findings[0].waived
    assert not found.complaints


def test_a_waiver_of_what_has_been_merged_is_told_of_and_does_no_harm(root: Path) -> None:
    says(root, WAIVER)

    found = waived(root, difference("a: int", "a: int"), TODAY)

    (complaint,) = found.complaints
    assert not complaint.fails
    assert "remove it" in complaint.sentence


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (WAIVER.replace("F03", "F99"), "there is no rule F99"),
        (WAIVER.replace('owner = "orders"\n', ""), "a waiver says owner"),
        (WAIVER.replace('"the app that showed it is gone"', '" "'), "a waiver says reason"),
        (WAIVER.replace("expires = 2027-01-31\n", ""), "until when"),
        (WAIVER.replace("2027-01-31", "2099-01-31"), "more than a year"),
        (WAIVER.replace("v1.Thing.b", "Thing.b"), "names no place"),
        (WAIVER + 'rules = ["F01"]\n', "rules means nothing here"),
        ("rule = [", "no TOML"),
        ("[waivers]\n", "say [[waiver]]"),
        ("[waiver]\n", "two brackets"),
    ],
)
def test_a_waiver_that_says_too_little_or_too_much_fails(root: Path, wrong: str, why: str) -> None:
    says(root, wrong)

    found = waived(root, difference("a: int\nb: str = ''", "a: int"), TODAY)

    assert [one.waived for one in found.findings] == [""]
    assert any(why in one.sentence and one.fails for one in found.complaints), found.complaints
