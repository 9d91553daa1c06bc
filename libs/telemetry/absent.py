"""Libraries that others load when they happen to find them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """As if these were not installed, for the imports within the block. What is loaded already
    stays.

    rich is on a developer's machine for `./dev`, and structlog and httpx take it along: 4 MB and
    60 ms of each service's process, for tracebacks that we write otherwise.
    """
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python spells "not importable"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
