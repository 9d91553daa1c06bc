"""Who asks. The caller type in a request's declaration is its access rule."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.shared.ids import UserId


@dataclass(frozen=True, slots=True)
class Anyone:
    """Whoever sends the request; nothing is known about them."""


@dataclass(frozen=True, slots=True)
class User(Anyone):
    """A customer who logged in. What belongs to somebody else is the handler's to refuse."""

    user_id: UserId


@dataclass(frozen=True, slots=True)
class Admin(User):
    """A user who runs the shop; may do everything that a user may."""


@dataclass(frozen=True, slots=True)
class Service(Anyone):
    """Another service of the shop, on its own behalf."""

    name: str
