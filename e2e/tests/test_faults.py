"""Six faults of twenty seconds, as `./dev faults` does them all: every invariant holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# One of each kind: work half done, a door that is shut, a queue that forgets, the truth that is away,
# a neighbour that is silent, and money of which nobody was told.
FAULTS = (
    "kill-orders-worker",
    "kill-catalog-web",
    "wipe-valkey-queue",
    "kill-postgres",
    "black-hole-orders-catalog",
    "provider-loses-answers",
)


@pytest.mark.timeout(600)
def test_the_shop_bears_six_faults_of_twenty_seconds(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.faults", "--seconds", "20", "--seed", "20261122"]
    command += ["--folder", str(tmp_path / "shop"), "--report", str(tmp_path / "report.html")]
    command += [word for name in FAULTS for word in ("--only", name)]

    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert [outcome["fault"] for outcome in run["outcomes"]] == list(FAULTS)
    assert all(outcome["orders"] > 0 for outcome in run["outcomes"])
