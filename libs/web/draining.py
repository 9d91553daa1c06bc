"""Whether this process is about to end: it still serves, but should be sent nothing new."""

from __future__ import annotations

from threading import Event

_begun = Event()


def begin_to_drain() -> None:
    """From now on `/readyz` answers 503, whatever else is well."""
    _begun.set()


def is_draining() -> bool:
    """Whether it has begun."""
    return _begun.is_set()
