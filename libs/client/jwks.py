"""Where a service reads the public keys of users' tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from libs.client.neighbours import HttpNeighbour

# The first request with a user's token waits for it.
DEADLINE_S = 1.0


def keys_from_users(service: str, urls: Mapping[str, str]) -> Callable[[], bytes]:
    """Reads the JWKS of the users service; for `libs.access.UserKeys`. Raises ValueError when
    users has no address; what it gives raises Unavailable when there is no answer."""
    if not urls.get("users"):
        raise ValueError(f"{service} checks users' tokens, so PEER_USERS_URL must be set")
    users = HttpNeighbour(service, "users", urls["users"])
    return lambda: users.get("/.well-known/jwks.json", deadline_s=DEADLINE_S)
