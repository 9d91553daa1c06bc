"""Two instances behind a balancer are restarted in turns while customers come; nobody notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.faults.faults.rolling import PUT_OFF_AT_MOST, REQUESTS, RollingRestart
from tools.faults.harness import Harness
from tools.faults.world import World

# Five thousand requests take their time, beside others minutes.
pytestmark = pytest.mark.timeout(420)


def test_of_5000_reads_and_orders_none_fails_through_a_rolling_restart(tmp_path: Path) -> None:
    with World(tmp_path / "shop") as world:
        harness = Harness(world, seed=1, seconds=1, baseline_s=0)

        (outcome,) = harness.run([RollingRestart()]).outcomes

    if outcome.state == "not run":
        pytest.skip(outcome.reason)
    assert outcome.state == "held", outcome.reason
    checked = {verdict.claim: verdict.checked for verdict in outcome.verdicts}
    assert checked["none failed"] == REQUESTS
    assert outcome.figures["failed"] == 0
    put_off = outcome.figures["told to come again"]
    assert isinstance(put_off, int) and put_off <= PUT_OFF_AT_MOST
