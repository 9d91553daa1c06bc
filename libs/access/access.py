"""Who is asking: the tokens of an envelope, verified and remembered for their life."""

from __future__ import annotations

import time
from typing import TypeVar

from contracts.core import Service, User
from contracts.core.chassis import Unauthenticated
from libs.access.keys import ServiceKeys, UserKeys
from libs.access.signing import SigningKeys
from libs.access.tokens import verify_service, verify_user
from libs.operations.envelope import SERVICE_TOKEN, Envelope, Identity

C = TypeVar("C", User, Service)

# A token is some 350 bytes; this many are remembered before the oldest half is forgotten.
REMEMBERED = 10_000


class Access:
    """Identifies callers for one service: users by the users service's keys (None where it
    serves none), services by their own. A verification costs some 60 us of CPU, so each token is
    checked once in its life."""

    def __init__(
        self, service: str, users: UserKeys | SigningKeys | None, services: ServiceKeys
    ) -> None:
        self._service = service
        self._user_keys = users
        self._service_keys = services
        self._users: dict[str, tuple[User, float]] = {}
        self._services: dict[str, tuple[Service, float]] = {}

    def identify(self, envelope: Envelope) -> Identity:
        """The user and the service that the envelope's tokens prove; a call on a user's behalf
        has both. Raises Unauthenticated for a token that is not good, Unavailable when users'
        keys cannot be had."""
        user = service = None
        if envelope.authorization is not None:
            token = _bearer(envelope.authorization)
            user = _remembered(self._users, token)
            if user is None:
                if self._user_keys is None:
                    raise Unauthenticated(detail="This service serves no users")
                user = _remember(self._users, token, *verify_user(token, self._user_keys))
        if envelope.service_authorization is not None:
            try:
                service = self._service_of(envelope.service_authorization)
            except Unauthenticated as refused:
                # The caller is to know which of two tokens it was: its own, or its user's.
                raise Unauthenticated(detail=f"{SERVICE_TOKEN}: {refused.detail}") from None
        return Identity(user, service)

    def _service_of(self, header: str) -> Service:
        token = _bearer(header)
        known = _remembered(self._services, token)
        if known is not None:
            return known
        verified = verify_service(token, self._service_keys, self._service)
        return _remember(self._services, token, *verified)


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(detail="Send the token as: Bearer <token>")
    return token.strip()


def _remembered(known: dict[str, tuple[C, float]], token: str) -> C | None:
    found = known.get(token)
    if found is None:
        return None
    if found[1] <= time.time():
        known.pop(token, None)
        raise Unauthenticated(detail="The token is expired")
    return found[0]


def _remember(known: dict[str, tuple[C, float]], token: str, caller: C, until: float) -> C:
    if len(known) >= REMEMBERED:
        for old in list(known)[: REMEMBERED // 2]:
            known.pop(old, None)
    known[token] = (caller, until)
    return caller
