"""Two instances behind a balancer are restarted in turns while customers come; nobody notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.faults.faults.rolling import REQUESTS, RollingRestart
from tools.faults.harness import Harness
from tools.faults.world import World

# Five thousand requests take their time.
pytestmark = pytest.mark.timeout(300)


def test_of_5000_reads_and_orders_none_fails_through_a_rolling_restart(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        (outcome,) = (
            Harness(world, seed=1, seconds=1, baseline_s=0).run([RollingRestart()]).outcomes
        )

    assert outcome.state == "held", outcome.verdicts
    assert outcome.figures["failed"] == 0
    assert {verdict.claim: verdict.checked for verdict in outcome.verdicts}[
        "none failed"
    ] == REQUESTS
