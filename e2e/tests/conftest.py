"""One running shop for all tests of a topology."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.customer import Customer
from e2e.shop import Shop
from e2e.together import ShopTogether


@pytest.fixture(scope="session", params=[Shop, ShopTogether], ids=["processes", "together"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    with request.param(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def shop(running: Shop) -> Iterator[Shop]:
    """The shop, whole again after the test."""
    yield running
    running.mend()


@pytest.fixture(scope="session")
def admin(running: Shop) -> Customer:
    return Customer(running, admin=True)
