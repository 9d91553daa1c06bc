"""The report says all that was found, and nothing in it comes from elsewhere."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from tools.faults.charts import curve
from tools.faults.outcome import Outcome, Verdict
from tools.faults.report import as_html, as_json, machine, summary
from tools.faults.tests.runs import LONG, run


def test_the_page_names_every_fault_its_verdict_and_the_evidence() -> None:
    page = as_html(run(), machine())

    assert "2 of 4 faults held, 1 broken, 1 not run" in page
    for outcome in run().outcomes:
        assert outcome.fault.replace(">", "&gt;") in page
    assert f"{LONG}: captured 2 times &lt;and&gt; confirmed" in page
    assert "only root may mount" in page
    assert "--seed 7 --seconds 20" in page


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = as_html(run(), machine())

    assert not re.search(r"""(src|href)=["'](?!#)|@import|url[(]|<script""", page)


def test_json_says_the_same() -> None:
    said = json.loads(as_json(run(), machine()))

    assert (said["held"], said["seed"]) == (False, 7)
    assert said["machine"]["cores"] >= 1
    assert [outcome["state"] for outcome in said["outcomes"]] == [
        *("held", "held", "broken", "not run")
    ]
    assert len(said["outcomes"][0]["curve"]) == 35


def test_a_curve_is_svg_whatever_the_fault_is_called() -> None:
    held = run().outcomes[0]

    drawn = curve(Outcome("<&\"'>", "", "held", fault_s=20, drained_s=2, curve=held.curve))

    assert ET.fromstring(drawn).tag == "svg"
    assert drawn.count('class="failed"') == 4  # the seconds in which something failed


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_fault_that_ended_at_once_still_has_a_page(seconds: int) -> None:
    outcome = Outcome("short", "", "held", curve=run().outcomes[0].curve[:seconds])

    assert bool(curve(outcome)) == bool(seconds)


def test_nothing_that_was_run_is_nothing_that_held() -> None:
    missing = run().outcomes[-1]

    nothing = replace(run(), outcomes=(missing,))

    assert summary(nothing) == "0 of 1 faults held, 1 not run"
    assert not nothing.held


def test_what_was_not_judged_says_so_and_why_and_is_not_green() -> None:
    outcome = replace(
        run().outcomes[0],
        verdicts=(
            Verdict("I4", True, 0),
            Verdict("I6", True, 0, note="other <programs> used 1.9 cores"),
            Verdict("answers in 50 ms", True, 0, note="nobody asked"),
        ),
    )

    page = as_html(replace(run(), outcomes=(outcome,)), machine())
    said = json.loads(as_json(replace(run(), outcomes=(outcome,)), machine()))

    why = "not judged: other &lt;programs&gt; used 1.9 cores"
    assert f'<span class="chip not-run" title="I6: {why}">not judged</span>' in page
    assert f"I6: {why}</p>" in page
    assert (
        'title="answers in 50 ms: not judged: nobody asked">answers in 50 ms: not judged<' in page
    )
    assert '<span class="chip none" title="there was nothing to look at">none</span>' in page
    assert "\u2713" not in page
    judgements = [verdict["judgement"] for verdict in said["outcomes"][0]["verdicts"]]
    assert judgements == ["none", "not judged", "not judged"]


def test_a_fault_that_broke_in_two_ways_shows_both() -> None:
    broken = replace(run().outcomes[2], reason="orders.web: still not ready after 60 s")

    page = as_html(replace(run(), outcomes=(broken,)), machine())

    assert "orders.web: still not ready after 60 s" in page
    assert f"{LONG}: captured 2 times" in page
