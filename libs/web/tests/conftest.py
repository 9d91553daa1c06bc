"""The server that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from libs.web.tests.running import Running, shop_running


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with shop_running(tmp_path_factory.mktemp("shop")) as server:
        yield server
