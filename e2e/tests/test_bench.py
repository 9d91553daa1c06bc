"""The benchmarks that start the services still run; what they measure differs by machine."""

from __future__ import annotations

import pytest

from tools.bench import memory, order, pages, shop, start

PROCESSES = {f"{service} {role}" for service in shop.SERVICES for role in shop.ROLES}


@pytest.mark.timeout(120)
def test_the_memory_of_every_process_is_measured() -> None:
    report = memory.measure()

    assert {row[0] for row in report.rows} == PROCESSES


@pytest.mark.timeout(120)
def test_the_start_of_every_process_is_measured() -> None:
    report = start.measure(rounds=1)

    assert {row[0] for row in report.rows} == PROCESSES


@pytest.mark.timeout(120)
def test_what_an_order_costs_is_measured() -> None:
    report = order.measure(orders=2, warm_up=1, settle_s=0.3, topologies=("together",))

    found = {name: float(value) for name, value in report.rows}
    assert found["requests: orders PlaceOrder"] == 1
    assert {"CPU, ms: everything", "jobs handled: payments.capture"} <= found.keys()
    assert found["SQL statements: orders"] > 1
    assert found["until answered, ms: p50"] <= found["until confirmed, ms: p50"]


@pytest.mark.timeout(120)
def test_what_a_page_costs_is_measured() -> None:
    report = pages.measure(looks=2, per_second=10, seconds=0.5)

    requests = {row[0]: row[-1] for row in report.rows}
    assert requests["front page"] == "5"
    assert requests["add to cart"] == "1"
    assert "lists, 10 a second" in requests
