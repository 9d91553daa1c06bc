"""Callers without keys: for tests of what a caller may, not of how they prove who they are."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.core import Admin, Service, User
from contracts.core.chassis import Unauthenticated
from contracts.shared.ids import UserId
from libs.operations.envelope import Envelope, Identity


class AnyToken:
    """Believes tokens that merely say who asks, as `as_user` and `as_service` write them."""

    def identify(self, envelope: Envelope) -> Identity:
        """Whom the tokens name."""
        user = service = None
        if envelope.authorization:
            kind, _, name = envelope.authorization.removeprefix("Bearer ").partition(":")
            if kind not in ("user", "admin"):
                raise Unauthenticated(detail="not a test's token")
            user = (Admin if kind == "admin" else User)(UserId(name))
        if envelope.service_authorization:
            kind, _, name = envelope.service_authorization.removeprefix("Bearer ").partition(":")
            if kind != "service":
                raise Unauthenticated(detail="not a test's token")
            service = Service(name)
        return Identity(user, service)


@dataclass(frozen=True, slots=True)
class Believing:
    """Takes every caller for this service, whatever its token; on behalf of the user whom a token
    of `as_user` names, if one does."""

    service: str

    def identify(self, envelope: Envelope) -> Identity:
        """The service, and the user."""
        on_behalf = AnyToken().identify(Envelope(authorization=envelope.authorization))
        return Identity(on_behalf.user, Service(self.service))


def as_user(user_id: UserId, *, admin: bool = False) -> str:
    """The Authorization header of this user."""
    return f"Bearer {'admin' if admin else 'user'}:{user_id}"


def as_service(name: str) -> str:
    """The service token of this service."""
    return f"service:{name}"
