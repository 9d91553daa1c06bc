"""One look at the shop: whose it is, what is in their cart, and how long it may take.

`begin` runs before every page. Valkey being away makes a visitor of everybody: browsing goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import cast

from flask import Flask, Response, g, request

from libs.operations.context import Context, current, within
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from libs.telemetry.metrics import histogram
from libs.telemetry.trace import Trace
from services.storefront.carts import Cart, user_cart, visitor_cart
from services.storefront.deps import Deps
from services.storefront.sessions import Login, is_id, new_id

log = get_logger(__name__)
_seconds = histogram(
    "concord_page_duration_seconds",
    "Time from a page's request to its last byte being made",
    ("page", "status"),
)

# What a page waits for, all its parts together. Placing an order has the contract's three seconds.
PAGE_S, PLACING_S = 2.5, 4.0
COOKIE_S = 30 * 86_400
# Without a visitor: probes, files, and what the chassis serves.
_WITHOUT = frozenset({"livez", "readyz", "metrics", "openapi", "problem_page", "static"})


@dataclass
class Visit:
    """`session_id` is the cookie's, or a new one, which becomes a cookie when a page needs it.
    `cart` is None when it cannot be had."""

    session_id: str
    login: Login | None = None
    cart: Cart | None = None
    had_cookie: bool = False
    needs_cookie: bool = False
    is_remembered: bool = True
    """False while Valkey does not answer: nobody knows who this is."""

    @property
    def cart_owner(self) -> str:
        """Under which name the cart is kept."""
        return user_cart(self.login.user_id) if self.login else visitor_cart(self.session_id)


def visit() -> Visit:
    """The visit at hand."""
    return cast(Visit, g.visit)


def mount(app: Flask, deps: Deps) -> None:
    """A visit before every page, and its cookie after it."""
    secure = deps.is_secure
    # The prefix binds it to this host, so that no neighbouring one can plant it; only over TLS.
    cookie = "__Host-session" if secure else "session"

    @app.before_request
    def begin() -> None:
        if request.endpoint in _WITHOUT:
            return
        g.began = time.perf_counter()
        trace = Trace.continued(request.headers.get("Traceparent"))
        seconds = PLACING_S if request.endpoint == "pay" else PAGE_S
        context = Context(trace, trace.span_id, deadline=time.monotonic() + seconds)
        _enter(context)
        g.visit = made = _visit(deps, request.cookies.get(cookie, ""))
        if made.login is not None and made.login.is_fresh:
            _enter(replace(context, user_token=f"Bearer {made.login.token}"))

    @app.after_request
    def keep(response: Response) -> Response:
        made: Visit | None = g.get("visit")
        if made is not None and made.needs_cookie:
            response.set_cookie(
                cookie,
                made.session_id,
                max_age=COOKIE_S,
                httponly=True,
                secure=secure,
                samesite="Lax",
                path="/",
            )
        return response

    @app.after_request
    def observe(response: Response) -> Response:
        if "began" in g:
            page, status = request.endpoint or "none", str(response.status_code)
            _seconds.labels(page, status).observe(time.perf_counter() - g.began)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        for entered in reversed(g.pop("entered", [])):
            entered.__exit__(None, None, None)


def become(session_id: str, login: Login | None) -> None:
    """From now on the visitor has another session: after a log-in or a log-out."""
    now = visit()
    now.session_id, now.login = session_id, login
    now.needs_cookie = True
    context = current()
    if context is not None:
        token = f"Bearer {login.token}" if login else None
        _enter(replace(context, user_token=token))


def _enter(context: Context) -> None:
    entered = within(context)
    entered.__enter__()
    g.setdefault("entered", []).append(entered)


def _visit(deps: Deps, said: str) -> Visit:
    if not is_id(said):
        # Nobody's cart: nothing has to be looked up for who comes for the first time.
        return Visit(new_id(), cart=Cart())
    made = Visit(said, had_cookie=True)
    try:
        made.login = deps.sessions.find(said)
        made.cart = deps.carts.find(made.cart_owner)
    except Unavailable as error:
        log.warning("visitor not known", why=str(error))
        made.is_remembered = False
    return made
