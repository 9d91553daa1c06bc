"""One running shop for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.customer import Customer
from e2e.shop import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="module")
def admin(shop: Shop) -> Customer:
    return Customer(shop, admin=True)
