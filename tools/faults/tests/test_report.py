"""The report says all that was found, and nothing in it comes from elsewhere."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from tools.faults.charts import curve
from tools.faults.outcome import Outcome
from tools.faults.report import as_html, as_json, machine, summary
from tools.faults.tests.runs import LONG, run


def test_the_page_names_every_fault_its_verdict_and_the_evidence() -> None:
    page = as_html(run(), machine())

    assert "2 of 3 faults held, 1 broken, 1 not run" in page
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

    assert summary(replace(run(), outcomes=(missing,))).startswith("0 of 0")
