"""A Valkey of its own for each test that asks: some of them kill it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from libs.servers import Valkey
from libs.testing.fixtures import servers

__all__ = ["servers"]


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    with Valkey(persistent=False) as server:
        yield server
