"""Register, log in, log out, and what the shop knows of a customer."""

from __future__ import annotations

from typing import assert_never

from flask import Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from contracts.orders import v1 as orders
from contracts.users import v1 as users
from libs.client import gather
from libs.keyvalue import Throttle
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from services.storefront import words
from services.storefront.deps import Deps
from services.storefront.errors import TooManyTries
from services.storefront.forms import own_path, wrong_fields
from services.storefront.page import page
from services.storefront.pages import login as logins
from services.storefront.visits import visit

log = get_logger(__name__)

ORDERS_PER_PAGE = 10
_WRONG = {
    "email": "Write an address such as ada@example.com",
    "password": "At least 10 characters, at most 128",
    "name": "Write what we may call you, in one line",
}


def mount(app: Flask, deps: Deps) -> None:
    """`/login`, `/logout`, `/register`, `/account`."""

    @app.get("/login", provide_automatic_options=False)
    def log_in() -> Response:
        return _login_page(email=_remembered_email())

    @app.post("/login", endpoint="log_in_post", provide_automatic_options=False)
    def log_in_post() -> ResponseReturnValue:
        email, password = request.form.get("email", "").strip(), request.form.get("password", "")
        _throttled(deps.login_throttle)
        try:
            asked = users.LogIn.model_validate({"email": email, "password": password})
        except ValidationError as error:
            wrong = wrong_fields(error, _WRONG | {"password": "Write your password"})
            return _login_page(422, email=email, wrong=wrong)
        try:
            answer = deps.peers.attempt(asked)
            match answer:
                case users.Session():
                    logins.begin(deps, answer, asked.email)
                case users.WrongCredentials():
                    wrong = {"password": "Address or password is wrong"}
                    return _login_page(401, email=email, wrong=wrong)
                case users.TooManyAttempts():
                    raise TooManyTries(answer.retry_after_s)
                case never:
                    assert_never(never)
        except Unavailable as error:
            log.warning("not logged in", why=str(error))
            return _login_page(503, email=email, is_away=True)
        return redirect(_next(), 303)

    @app.post("/logout", provide_automatic_options=False)
    def log_out() -> ResponseReturnValue:
        logins.end(deps)
        return redirect(url_for("home"), 303)

    @app.get("/register", provide_automatic_options=False)
    def register() -> Response:
        return _register_page()

    @app.post("/register", endpoint="register_post", provide_automatic_options=False)
    def register_post() -> ResponseReturnValue:
        said = {name: request.form.get(name, "") for name in ("name", "email", "password")}
        said["email"] = said["email"].strip()
        shown = {"name": said["name"], "email": said["email"]}
        _throttled(deps.register_throttle)
        try:
            asked = users.RegisterUser.model_validate(said)
        except ValidationError as error:
            return _register_page(422, wrong=wrong_fields(error, _WRONG), **shown)
        try:
            answer = deps.peers.attempt(asked)
        except Unavailable as error:
            log.warning("not registered", why=str(error))
            return _register_page(503, is_away=True, **shown)
        if isinstance(answer, users.AddressTaken):
            wrong = {"email": "There is an account with this address. Log in instead."}
            return _register_page(409, wrong=wrong, **shown)
        try:
            session = deps.peers.send(users.LogIn(email=asked.email, password=asked.password))
            logins.begin(deps, session, asked.email)
        except (Unavailable, users.TooManyAttempts, users.WrongCredentials) as error:
            log.warning("registered, not logged in", why=str(error))
            return redirect(url_for("log_in", next=_next()), 303)
        return redirect(_next(), 303)

    @app.get("/account", provide_automatic_options=False)
    def account() -> ResponseReturnValue:
        login = logins.fresh_login(url_for("account"))
        asked = orders.ListOrders(limit=ORDERS_PER_PAGE)
        if cursor := request.args.get("cursor"):
            asked = orders.ListOrders(limit=ORDERS_PER_PAGE, cursor=cursor[:100])
        me, past = gather(lambda: deps.peers.send(users.GetMe()), lambda: deps.peers.attempt(asked))
        if isinstance(past, orders.BadCursor):
            return redirect(url_for("account"))
        return page(
            "account.html",
            name=login.name if isinstance(me, Unavailable) else me.name,
            email=login.email if isinstance(me, Unavailable) else me.email,
            since=None if isinstance(me, Unavailable) else me.registered_at,
            orders=None if isinstance(past, Unavailable) else past.items,
            next_cursor=None if isinstance(past, Unavailable) else past.next_cursor,
        )


def _login_page(status: int = 200, **values: object) -> Response:
    known = {"email": "", "wrong": {}, "is_away": False, "next": _next()}
    return page("login.html", status, **(known | values))


def _register_page(status: int = 200, **values: object) -> Response:
    known = {"name": "", "email": "", "wrong": {}, "is_away": False, "next": _next()}
    return page("register.html", status, **(known | values))


def _next() -> str:
    return own_path(request.values.get("next"))


def _remembered_email() -> str:
    login = visit().login
    return login.email if login else ""


def _throttled(throttle: Throttle) -> None:
    """Raises TooManyTries. With Valkey away nobody could be logged in anyway."""
    try:
        wait_s = throttle.retry_after(request.remote_addr or "nobody")
    except Unavailable as error:
        log.warning("not throttled", why=str(error))
        return
    if wait_s is not None:
        log.warning("throttled", wait=words.wait(wait_s))
        raise TooManyTries(wait_s)
