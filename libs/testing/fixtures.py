"""pytest fixtures: import them in a `conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from libs.testing.servers import Servers


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Real servers, started when a test asks for one and stopped at the end."""
    with Servers() as running:
        yield running
