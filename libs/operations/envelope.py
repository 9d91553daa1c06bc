"""What comes with a request's bytes, and what goes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from contracts.core import Service, User


# Tuples: made with every request, in half the time of a frozen dataclass (1.4 us of a GET's 33).
class Envelope(NamedTuple):
    """The headers that mean something to an operation; everything else stays with the server."""

    authorization: str | None = None
    service_authorization: str | None = None
    idempotency_key: str | None = None
    if_match: str | None = None
    deadline_s: float | None = None
    traceparent: str | None = None
    request_id: str | None = None


# On a 503 of a service that is well, and was asked for more than it does at once.
REFUSED = ("Refused", "busy")


# Begins the detail of Unauthenticated when it was the service's token that was not good.
SERVICE_TOKEN = "Service-Authorization"


class Reply(NamedTuple):
    """The status, the bytes and the headers of an answer or a problem."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the tokens prove: a user, a service, both (on a user's behalf), or nobody."""

    user: User | None = None
    service: Service | None = None


class Access(Protocol):
    """Turns the tokens of an envelope into an identity."""

    def identify(self, envelope: Envelope) -> Identity:
        """Raises Unauthenticated for a token that is not good."""
        ...


@dataclass(frozen=True, slots=True)
class Nobody:
    """An access that knows no tokens: for services that only serve anyone, and for tests."""

    identity: Identity = field(default_factory=Identity)

    def identify(self, envelope: Envelope) -> Identity:
        """The identity it was made with, whoever asks."""
        return self.identity
