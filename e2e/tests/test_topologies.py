"""Together or apart: nothing outside can tell, and both end when they are asked to."""

from __future__ import annotations

import psutil
import pytest

from e2e.customer import Customer, ask, stock
from e2e.shop import SERVICES, Shop
from e2e.together import ShopTogether

# The shop takes its time to open.
pytestmark = pytest.mark.timeout(180)


def test_each_service_answers_on_its_own_port_whatever_the_host_header_says(shop: Shop) -> None:
    forged = {"Host": shop.url("users").removeprefix("http://")}

    at = {
        name: ask("GET", f"{shop.url(name)}/openapi.json", None, forged) for name in shop.services
    }

    assert {answer.status for answer in at.values()} == {200}
    paths = {name: set(answer.json()["paths"]) for name, answer in at.items()}
    assert [name for name in paths if "/api/v1/users" in paths[name]] == ["users"]
    assert [name for name in paths if "/api/v1/orders" in paths[name]] == ["orders"]


def test_together_is_one_process_that_serves(shop: Shop) -> None:
    if not isinstance(shop, ShopTogether):
        pytest.skip("they are apart")
    (everything,) = shop.programs.values()
    known = {name: url.rpartition(":")[2] for name, url in shop.ground.urls.items()}

    family = [everything.pid, *(c.pid for c in psutil.Process(everything.pid).children(True))]

    serving = {
        connection.laddr.port
        for connection in psutil.Process(family[-1]).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert len(family) == 2  # gunicorn's master, and the one that it has forked
    assert {int(port) for port in known.values()} <= serving


def test_asked_to_end_every_program_finishes_its_work_and_exits_with_0(
    shop: Shop, admin: Customer
) -> None:
    ada, sku = Customer(shop), stock(shop, admin, 5)
    order_id = ada.order(sku)

    codes = {label: program.end() for label, program in shop.programs.items()}
    lanes = {
        name: shop.rows(name, "SELECT 1 FROM cursor WHERE owner IS NOT NULL") for name in SERVICES
    }
    shop.mend()

    assert set(codes.values()) == {0}
    # All were given back: whoever comes next need not wait until a lease is over.
    assert [name for name, kept in lanes.items() if kept] == []
    assert ada.wait_for_end(order_id)["status"] == "confirmed"
    assert shop.ground.ledger(order_id) == ["capture"]
