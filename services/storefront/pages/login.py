"""Log-ins: begun, renewed, and asked for by pages that need one."""

from __future__ import annotations

import time
from dataclasses import replace

from contracts.users import v1 as users
from libs.operations.context import current, within
from libs.operations.errors import Misunderstood, Unavailable
from libs.telemetry.logs import get_logger
from services.storefront.carts import user_cart, visitor_cart
from services.storefront.deps import Deps
from services.storefront.errors import LogInFirst
from services.storefront.sessions import Login, new_id
from services.storefront.visits import become, visit

log = get_logger(__name__)


def fresh_login(back: str) -> Login:
    """The log-in at hand, with a token that is good. Raises LogInFirst, which leads back there."""
    now = visit()
    if not now.is_remembered:
        raise Unavailable("valkey", "nobody knows who this is")
    if now.login is None or not now.login.is_fresh:
        raise LogInFirst(back)
    return now.login


def begin(deps: Deps, session: users.Session, email: str) -> None:
    """Remember the log-in under a new session, and put the visitor's cart to the user's. Raises
    Unavailable when that cannot be kept."""
    now = visit()
    moment = time.time()
    login = Login(
        user_id=session.user_id,
        name=_name(deps, session, email),
        email=email,
        token=session.access_token,
        token_until=moment + session.expires_in_s,
        since=moment,
    )
    former = now.session_id
    session_id = deps.sessions.begin(login)
    if now.had_cookie:
        # A name that was known before the log-in is worth nothing after it.
        deps.sessions.end(former)
        deps.carts.merge(visitor_cart(former), user_cart(login.user_id))
    become(session_id, login)
    log.info("logged in", user_id=login.user_id)


def end(deps: Deps) -> None:
    """Forget who this is; their cart waits for them."""
    now = visit()
    deps.sessions.end(now.session_id)
    become(new_id(), None)


def _name(deps: Deps, session: users.Session, email: str) -> str:
    context = current()
    assert context is not None
    try:
        with within(replace(context, user_token=f"Bearer {session.access_token}")):
            return deps.peers.send(users.GetMe()).name
    except (Unavailable, Misunderstood, users.NoSuchUser) as error:
        log.warning("name not known", why=str(error))
        return email.partition("@")[0]
