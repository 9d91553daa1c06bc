"""Everybody who may come to a service's door: with tokens that are good, and with tokens that are
not, each made as libs.access makes them or as somebody would forge them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import time_machine

from contracts.core import Admin, Anyone, Operation, Service, User
from contracts.shared.ids import UserId
from libs.access import ServiceTokens, SigningKeys, UserTokens
from libs.access.keys import load_private, new_key

# A token lives for ten minutes.
_LONG_AGO = timedelta(seconds=700)
_A_SERVICE = "notifications"


@dataclass(frozen=True)
class Caller:
    """Who comes, with which headers. `kinds` are what the tokens prove, a user before a service;
    None when they are not good. `owns` says whether what a request names belongs to them."""

    name: str
    headers: Mapping[str, str]
    kinds: tuple[type[Anyone], ...] | None = ()
    owns: bool = False

    def expected(self, operation: Operation) -> int:
        """The status of a request that is right in every other way, from the declaration alone."""
        callers = operation.callers
        if callers == (Anyone,):
            return operation.status  # nobody looks at tokens there
        if self.kinds is None:
            return 401
        for kind in self.kinds:
            if Admin in callers and kind is Admin:
                return operation.status
            if User in callers and issubclass(kind, User):
                return operation.status if self.owns or not is_somebodys(operation) else 404
            if Service in callers and kind is Service:
                return operation.status
        if Anyone in callers:
            return operation.status
        return 403 if self.kinds else 401


def is_somebodys(operation: Operation) -> bool:
    """Whether the request names a thing that belongs to one customer."""
    return "{order_id}" in operation.path or "{user_id}" in operation.path


def everybody(folder: Path, audience: str, *, a: UserId, b: UserId) -> list[Caller]:
    """Callers of the service `audience`; `a` owns what requests name, `b` does not. `folder` is
    that of a Ground, with its keys."""
    users = UserTokens(SigningKeys(folder / "user-keys"))
    ours = load_private(folder / "private" / f"{_A_SERVICE}.pem")
    user, service = users.issue(b, admin=False), ServiceTokens(_A_SERVICE, ours).token_for(audience)
    admin = users.issue(b, admin=True)
    forgers = _forged(folder)
    with time_machine.travel(time.time() - _LONG_AGO.total_seconds(), tick=True):
        expired = users.issue(a, admin=False), users.issue(b, admin=True)
        expired_service = ServiceTokens(_A_SERVICE, ours).token_for(audience)
    forger = load_private(folder / "forged" / "one.pem")
    return [
        Caller("nobody", {}),
        Caller("user A", _user(users.issue(a, admin=False)), (User,), owns=True),
        Caller("user B", _user(user), (User,)),
        Caller("admin", _user(admin), (Admin,)),
        Caller("service", _service(service), (Service,)),
        Caller(
            "service for user A", _both(users.issue(a, admin=False), service), (User, Service), True
        ),
        Caller("service for user B", _both(user, service), (User, Service)),
        Caller(
            "service with another audience",
            _service(ServiceTokens(_A_SERVICE, ours).token_for(f"not-{audience}")),
            None,
        ),
        Caller("expired user A", _user(expired[0]), None),
        Caller("expired admin", _user(expired[1]), None),
        Caller("expired service", _service(expired_service), None),
        Caller("forged user A", _user(forgers.issue(a, admin=False)), None),
        Caller("forged admin", _user(forgers.issue(b, admin=True)), None),
        Caller(
            "forged service", _service(ServiceTokens(_A_SERVICE, forger).token_for(audience)), None
        ),
        Caller(
            "service that says it is another",
            _service(ServiceTokens("orders", ours).token_for(audience)),
            None,
        ),
        Caller("unsigned admin", _user(_unsigned(admin)), None),
        Caller("user A with a role added", _user(_with_role(users.issue(a, admin=False))), None),
        Caller("user's token as a service's", _service(user), None),
        Caller("service's token as a user's", _user(service), None),
        Caller("admin with a forged service", _both(admin, forgers.issue(b, admin=True)), None),
        Caller("password for a token", {"Authorization": "Basic YWRtaW46YWRtaW4="}, None),
        Caller("headers that say so", {"X-User-Id": a, "X-Role": "admin", "Remote-User": a}),
    ]


def _user(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _service(token: str) -> dict[str, str]:
    return {"Service-Authorization": f"Bearer {token}"}


def _both(user: str, service: str) -> dict[str, str]:
    return _user(user) | _service(service)


def _forged(folder: Path) -> UserTokens:
    """Signs with a key of its own, under the name of the right one."""
    (folder / "forged").mkdir(exist_ok=True)
    (folder / "forged" / "one.pem").write_bytes(new_key()[0])
    return UserTokens(SigningKeys(folder / "forged"))


def _unsigned(token: str) -> str:
    return ".".join(
        [_part({"alg": "none", "typ": "user+jwt", "kid": "one"}), token.split(".")[1], ""]
    )


def _with_role(token: str) -> str:
    header, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return ".".join([header, _part({**said, "roles": ["admin"]}), signature])


def _part(said: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
