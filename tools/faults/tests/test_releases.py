"""The next release of the contracts differs, and this one reads what it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from contracts.orders import v1 as orders
from tools.faults.releases import next_release, running

ROOT = Path.cwd()
SAY = """
from contracts.orders import v1 as orders
from services.orders.main import program  # which runs on it
print(orders.OrderCancelled(order_id="ord_" + "1" * 26, user_id="usr_" + "1" * 26,
      reason=orders.Reason.BY_CUSTOMER).model_dump_json())
"""


def test_a_program_on_the_next_release_writes_what_this_one_does_not_know_and_can_read(
    tmp_path: Path,
) -> None:
    environment = running(next_release(ROOT, tmp_path), {**os.environ, "PYTHONPATH": str(ROOT)})

    told = subprocess.run(
        [sys.executable, "-c", SAY], env=environment, check=True, capture_output=True, text=True
    ).stdout

    written = json.loads(told)
    assert (written["reason"], written["asked_by"]) == ("changed_mind", "the customer")
    assert orders.OrderCancelled.model_validate_json(told).reason is orders.Reason.UNKNOWN
