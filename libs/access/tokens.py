"""The two kinds of tokens: users', signed by the users service, and services', signed by each
caller. Both are ES256 with issuer, audience and a life of ten minutes at most; neither is taken
for the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jwt import JWTClaimsRegistry

from contracts.core import Admin, Service, User
from contracts.core.chassis import Unauthenticated
from contracts.shared.ids import UserId

LIFETIME_S = 600
# A token may come from a clock that is five minutes ahead of ours, and some seconds more; its life is
# not longer for it.
SKEW_S = 330
# So long a service's own token is used: where its clock is five minutes behind, less than half of the
# token's life is left when it is made.
USED_S = 200
# Ours have some 350 bytes. A longer one is refused before anything is computed over it.
LONGEST_TOKEN = 4096
ISSUER, AUDIENCE = "users", "shop"
_USER, _SERVICE = "user+jwt", "service+jwt"


class _FindKey(Protocol):
    def find(self, name: str, /) -> ECKey | None: ...


class _Signs(Protocol):
    @property
    def newest(self) -> ECKey: ...


class UserTokens:
    """Issues users' tokens; only the users service has the keys for it."""

    def __init__(self, keys: _Signs) -> None:
        self._keys = keys

    def issue(self, user_id: UserId, *, admin: bool) -> str:
        """A token for the next ten minutes."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": user_id,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFETIME_S,
            "jti": os.urandom(12).hex(),
            "roles": ["admin"] if admin else [],
        }
        key = self._keys.newest
        return _sign(_USER, str(key.kid), claims, key)


class ServiceTokens:
    """Makes this service's tokens, one for each callee, used again for a third of its life."""

    def __init__(self, service: str, key: ECKey) -> None:
        self._service = service
        self._key = key
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = Lock()

    def token_for(self, audience: str) -> str:
        """A token that only `audience` takes, good for the next minute at least, also where it is read
        by a clock that is five minutes ahead of ours."""
        known = self._tokens.get(audience)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        with self._lock:
            now = int(time.time())
            token = _sign(
                _SERVICE,
                # Not the id of the key: that is the name of some file here.
                self._service,
                {
                    "iss": self._service,
                    "sub": self._service,
                    "aud": audience,
                    "iat": now,
                    "exp": now + LIFETIME_S,
                },
                self._key,
            )
            self._tokens[audience] = (time.monotonic() + USED_S, token)
        return token


def verify_user(token: str, keys: _FindKey) -> tuple[User, float]:
    """The user and when the token ends (Unix time). Raises Unauthenticated, saying why."""
    claims = _verify(
        token, _USER, lambda header: keys.find(str(header.get("kid", ""))), AUDIENCE, ISSUER
    )
    roles = claims.get("roles")
    # A list: in a text "admin" would also be found within another word.
    kind = Admin if isinstance(roles, list) and "admin" in roles else User
    return kind(UserId(claims["sub"])), float(claims["exp"])


def verify_service(token: str, keys: _FindKey, audience: str) -> tuple[Service, float]:
    """The calling service and when the token ends (Unix time). Raises Unauthenticated."""
    claims = _verify(
        token, _SERVICE, lambda header: keys.find(str(header.get("kid", ""))), audience, None
    )
    return Service(str(claims["sub"])), float(claims["exp"])


def _sign(kind: str, kid: str, claims: dict[str, Any], key: ECKey) -> str:
    return jwt.encode({"alg": "ES256", "typ": kind, "kid": kid}, claims, key)


def _verify(
    token: str,
    kind: str,
    find: Callable[[dict[str, Any]], ECKey | None],
    audience: str,
    issuer: str | None,
) -> dict[str, Any]:
    def key_of(guest: Any) -> ECKey:
        header = guest.headers()
        # Before the signature: a users' token is not even looked at as a service's.
        if header.get("typ") != kind:
            raise Unauthenticated(detail=f"This is no {kind} token")
        key = find(header)
        if key is None:
            raise Unauthenticated(detail="The token's key is not known here")
        return key

    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated(detail="The token is too long")
    try:
        read = jwt.decode(token, key_of, algorithms=["ES256"])
    except JoseError as error:
        raise Unauthenticated(detail=f"The token is not good: {error.error}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unauthenticated(detail="The token cannot be read") from None
    named = str(read.header["kid"])
    _check(read.claims, audience, issuer or named)
    if issuer is None and read.claims["sub"] != named:
        raise Unauthenticated(detail="A service speaks for itself only")
    return read.claims


def _check(claims: dict[str, Any], audience: str, issuer: str) -> None:
    """Raise Unauthenticated unless these are the claims of a token that is good now."""
    now = int(time.time())
    try:
        # joserfc checks what it is told to and nothing else: name every claim.
        JWTClaimsRegistry(
            # Its one leeway would also let expired tokens live longer; `iat` has its own below.
            now=now,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        ).validate({name: value for name, value in claims.items() if name != "iat"})
    except JoseError as error:
        why = f"The token is not good: {error.description or error.error}"
        raise Unauthenticated(detail=why) from None
    begun, ends = claims.get("iat"), claims["exp"]
    # bool is an int, and NaN compares with nothing.
    if type(begun) is not int or type(ends) is not int:
        raise Unauthenticated(detail="The token does not say from when until when it is good")
    if begun > now + SKEW_S or not 0 < ends - begun <= LIFETIME_S:
        raise Unauthenticated(detail="The token claims a longer life than tokens have here")
    if not isinstance(claims["sub"], str) or claims["aud"] != audience:
        raise Unauthenticated(detail="The token is for somebody else")
