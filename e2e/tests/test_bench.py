"""The benchmarks that start the services still run; what they measure differs by machine."""

from __future__ import annotations

import pytest

from tools.bench import memory, shop, start

PROCESSES = {f"{service} {role}" for service in shop.SERVICES for role in shop.ROLES}


@pytest.mark.timeout(120)
def test_the_memory_of_every_process_is_measured() -> None:
    report = memory.measure()

    assert {row[0] for row in report.rows} == PROCESSES


@pytest.mark.timeout(120)
def test_the_start_of_every_process_is_measured() -> None:
    report = start.measure(rounds=1)

    assert {row[0] for row in report.rows} == PROCESSES
