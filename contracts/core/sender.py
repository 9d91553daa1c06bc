"""Who can ask: what services, jobs and tests need of a client, whatever lies behind it."""

from __future__ import annotations

from typing import Any, Protocol

from typing_extensions import TypeVar

from contracts.core.problems import Problem
from contracts.core.requests import Request

R = TypeVar("R")
P = TypeVar("P", bound=Problem)


class Sender(Protocol):
    """Sends a request to whoever serves it; the request's declaration says what comes back.

    `libs.client` has the senders over HTTP and within a process; a test may write its own.
    """

    def send(self, request: Request[Any, R, P], *, key: str | None = None) -> R:
        """The answer. Raises the problem with which the request was refused. `key` is the
        Idempotency-Key, which a KEYED request needs: the same one gets the same answer."""
        ...

    def attempt(self, request: Request[Any, R, P], *, key: str | None = None) -> R | P:
        """The answer, or the problem with which the request was refused, to match on."""
        ...
