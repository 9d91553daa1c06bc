"""What a stranger, another site, or somebody with a list of passwords cannot do."""

from __future__ import annotations

import json
import re
from http.cookies import SimpleCookie

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from contracts.shared.ids import Sku
from libs.client import Peers
from libs.keyvalue import KeyValue
from services.storefront.app import create_app
from services.storefront.deps import LOGIN_TRIES, deps_of
from services.storefront.forms import own_path
from services.storefront.sessions import ABSOLUTE_S, is_id
from services.storefront.tests.conftest import (
    EMAIL,
    MUG,
    PASSWORD,
    Browser,
    Neighbours,
    World,
    a_product,
    ends,
)

NASTY = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"


def cookie_of(page: TestResponse, name: str = "session") -> str:
    """The Set-Cookie header of this name; empty without one."""
    return next((c for c in page.headers.getlist("Set-Cookie") if c.startswith(f"{name}=")), "")


def session_id(browser: Browser) -> str:
    cookie = browser.client.get_cookie("session")
    return cookie.value if cookie else ""


@pytest.mark.parametrize(
    "path", ["/cart/lines", f"/cart/lines/{MUG}", "/login", "/logout", "/register", "/checkout"]
)
@pytest.mark.parametrize("token", ["", "rubbish", "A" * 88, "\N{SNOWMAN}"])
def test_a_form_without_our_token_changes_nothing(browser: Browser, path: str, token: str) -> None:
    said = {"sku": MUG, "email": EMAIL, "password": PASSWORD, "form_token": token}

    page = browser.client.post(path, data=said)

    assert page.status_code == 403
    assert "This form is too old" in page.text
    browser.get("/cart")
    assert "It is empty" in browser.text


def test_another_visitors_token_is_not_ours(app: Flask, browser: Browser) -> None:
    other = Browser(app)
    other.get("/login")
    token = other.token()
    browser.get("/login")

    page = browser.post("/login", {"form_token": token, "email": EMAIL, "password": PASSWORD})

    assert page.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_on_another_site_is_refused_even_with_our_token(
    browser: Browser, headers: dict[str, str]
) -> None:
    browser.get("/login")

    page = browser.post("/login", {"email": EMAIL, "password": PASSWORD}, headers=headers)

    assert page.status_code == 403


def test_the_shops_own_origin_is_taken(browser: Browser) -> None:
    browser.get("/login")
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}

    page = browser.post("/login", {"email": EMAIL, "password": PASSWORD}, headers=headers)

    assert page.status_code == 200
    assert "Ada" in browser.text


def test_tokens_of_one_session_look_different_on_each_page(browser: Browser) -> None:
    browser.get("/login")
    first = browser.token()
    browser.get("/login")

    assert browser.token() != first
    assert session_id(browser) not in browser.page.text


def test_the_session_changes_at_the_log_in_and_the_former_one_is_worth_nothing(
    app: Flask, browser: Browser
) -> None:
    browser.add(MUG)
    before = session_id(browser)

    browser.log_in()
    after = session_id(browser)
    stranger = Browser(app)
    stranger.client.set_cookie("session", before)
    stranger.get("/")

    assert is_id(before) and is_id(after) and before != after
    assert "Log in" in stranger.text
    assert stranger.get("/cart") and "It is empty" in stranger.text


def test_a_session_that_was_planted_gets_no_log_in(app: Flask, browser: Browser) -> None:
    planted = "p" * 43
    browser.client.set_cookie("session", planted)
    browser.log_in()
    attacker = Browser(app)
    attacker.client.set_cookie("session", planted)

    attacker.get("/")

    assert "Log in" in attacker.text


def test_after_the_log_out_the_old_session_is_nobodys(app: Flask, browser: Browser) -> None:
    browser.log_in()
    before = session_id(browser)
    browser.get("/account")

    browser.post("/logout")
    thief = Browser(app)
    thief.client.set_cookie("session", before)
    thief.get("/account")

    assert session_id(browser) != before
    assert thief.path == "/login"


def test_the_store_knows_no_session_by_the_name_that_the_cookie_has(
    browser: Browser, cache: KeyValue
) -> None:
    browser.add(MUG)
    browser.log_in()

    keys = cache.run(lambda client: client.keys("*"))

    assert any(str(key).startswith("session:") for key in keys)
    assert session_id(browser) not in json.dumps(list(keys))


@pytest.mark.parametrize("said", ["", "short", "x" * 5000, "../../etc", "a b", "%00", "'; DROP"])
def test_a_cookie_that_is_none_of_ours_is_as_none(app: Flask, said: str) -> None:
    stranger = Browser(app)
    stranger.client.set_cookie("session", said)

    page = stranger.get("/")

    assert page.status_code == 200
    assert "Log in" in stranger.text


def test_a_log_in_ends_a_week_after_it_began(browser: Browser) -> None:
    with time_machine.travel(1_800_000_000, tick=True) as clock:
        browser.log_in()
        clock.shift(ABSOLUTE_S + 1)

        browser.get("/")

    assert "Log in" in browser.text


def test_a_token_that_ran_out_leads_to_a_friendly_log_in_and_back_with_the_cart(
    browser: Browser, world: World
) -> None:
    with time_machine.travel(1_800_000_000, tick=True) as clock:
        browser.log_in()
        browser.add(MUG)
        clock.shift(world.token_lives_s)

        browser.get("/checkout")
        assert browser.path == "/login"
        assert "Welcome back, Ada" in browser.text
        assert f'value="{EMAIL}"' in browser.page.text
        browser.post("/login", {"email": EMAIL, "password": PASSWORD, "next": "/checkout"})

    assert browser.path == "/checkout"
    assert "Pay €14.50" in browser.text


def test_a_token_that_is_no_longer_taken_does_the_same(
    browser: Browser, neighbours: Neighbours
) -> None:
    browser.log_in()
    neighbours.answer("orders", 401)

    browser.get("/account")

    assert browser.path == "/login"
    assert browser.field("next") == "/account"


@pytest.mark.parametrize(
    ("said", "leads_to"),
    [
        ("/checkout", "/checkout"),
        ("/?q=mug&category=tableware", "/?q=mug&category=tableware"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        (" /evil", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        ("", "/"),
        (None, "/"),
        ("/" + "a" * 600, "/"),
    ],
)
def test_nobody_is_sent_to_a_stranger(said: str | None, leads_to: str) -> None:
    assert own_path(said) == leads_to


def test_a_log_in_leads_to_this_shop_alone(browser: Browser) -> None:
    browser.get("/login?next=https://evil.example/")
    said = {"email": EMAIL, "password": PASSWORD, "next": "//evil.example/"}

    page = browser.post("/login", said, follow=False)

    assert page.headers["Location"] == "/"


def test_what_people_type_is_text_wherever_it_is_shown(browser: Browser, world: World) -> None:
    world.products[MUG] = a_product(MUG, 1450, 3, name=NASTY).model_copy(
        update={"description": NASTY, "attributes": {NASTY: NASTY}}
    )
    browser.get("/register")
    browser.post("/register", {"name": NASTY, "email": "eve@example.com", "password": PASSWORD})
    browser.add(MUG)
    browser.pay()
    (order,) = world.orders.values()
    shown = [f"/products/{MUG}", "/", "/account", f"/orders/{order.order_id}"]
    browser.add(MUG)
    shown += ["/cart", "/checkout", f"/?q={NASTY}", f"/?category={NASTY}&min={NASTY}"]
    shown += [f"/login?next={NASTY}", f"/{NASTY}"]

    pages = [browser.get(path).text for path in shown]

    assert any("&lt;script&gt;" in page for page in pages)
    assert not any("<script>alert" in page or "<img src=x" in page for page in pages)


def test_the_reason_of_a_bank_is_text_too(browser: Browser, world: World) -> None:
    from contracts.orders import v1 as orders

    browser.log_in()
    browser.add(MUG)
    browser.pay()
    (order,) = world.orders.values()
    declined = orders.Reason.PAYMENT_DECLINED
    ends(world, order, orders.Status.CANCELLED, reason=declined, detail=NASTY)

    assert "<script>alert" not in browser.get(f"/orders/{order.order_id}").text


@pytest.mark.parametrize(
    "path", ["/", f"/products/{MUG}", "/cart", "/login", "/register", "/nowhere"]
)
def test_every_page_says_what_may_run_and_who_may_frame_it(browser: Browser, path: str) -> None:
    page = browser.get(path)

    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in page.headers["Permissions-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|<style|\son\w+=|javascript:", page.text)


def test_the_cookie_is_for_this_site_and_no_script(browser: Browser, app: Flask) -> None:
    cookie = cookie_of(Browser(app).get("/"))

    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_bound_to_host_and_tls(peers: Peers, cache: KeyValue) -> None:
    shop = create_app(deps_of(peers, cache, public_url="https://shop.example"))

    page = shop.test_client().get("/login", base_url="https://shop.example")

    cookie = cookie_of(page, "__Host-session")
    assert "Secure" in cookie and "Domain" not in cookie
    assert "max-age" in page.headers["Strict-Transport-Security"]


def test_a_page_without_a_form_sets_no_cookie(app: Flask) -> None:
    page = app.test_client().get("/nowhere")

    assert page.headers.getlist("Set-Cookie") == []


def test_who_tries_many_passwords_has_to_wait(app: Flask, browser: Browser) -> None:
    for number in range(LOGIN_TRIES):
        browser.get("/login")
        email = f"somebody-{number}@example.com"
        assert browser.post("/login", {"email": email, "password": "x"}).status_code == 401
    browser.get("/login")

    page = browser.post("/login", {"email": EMAIL, "password": PASSWORD})

    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0
    assert "Please wait 5 minutes before the next try." in browser.text


def test_users_own_throttle_is_said_in_words(browser: Browser, world: World) -> None:
    world.locked_for_s = 42

    browser.log_in()

    assert (browser.page.status_code, browser.page.headers["Retry-After"]) == (429, "42")
    assert "Please wait 42 seconds" in browser.text


@pytest.mark.parametrize(("proxies", "is_one"), [(0, True), (1, False)])
def test_customers_behind_one_proxy_are_told_apart_where_it_is_configured(
    peers: Peers, neighbours: Neighbours, cache: KeyValue, proxies: int, is_one: bool
) -> None:
    browser = Browser(create_app(deps_of(peers, cache, proxies=proxies)))
    for _ in range(LOGIN_TRIES + 1):
        browser.get("/login")
        browser.post(
            "/login", {"email": EMAIL, "password": "x"}, headers={"X-Forwarded-For": "10.0.0.1"}
        )
    browser.get("/login")

    page = browser.post(
        "/login", {"email": EMAIL, "password": "x"}, headers={"X-Forwarded-For": "10.0.0.2"}
    )

    assert (page.status_code == 429) is is_one


def test_a_password_is_never_shown_again(browser: Browser) -> None:
    browser.get("/login")

    page = browser.post("/login", {"email": EMAIL, "password": "my secret guess"})

    assert "my secret guess" not in page.text


def test_a_form_that_is_far_too_long_is_refused(browser: Browser) -> None:
    browser.get("/login")

    page = browser.post("/login", {"email": "x" * 100_000, "password": "y"})

    assert page.status_code == 413
    assert "That is too much" in page.text


def test_a_cart_takes_fifty_products_and_says_so(browser: Browser, world: World) -> None:
    for number in range(51):
        sku = Sku(f"thing-{number}")
        world.products[sku] = a_product(sku, 100, 5)
        browser.post("/cart/lines", {"sku": sku})

    assert "A cart holds fifty different products" in browser.text


def test_every_address_that_is_typed_at_random_gets_a_page(browser: Browser) -> None:
    for path in ("/?cursor=%00&q=%00", "/?q=" + "x" * 3000, "/?min=-1&max=1e9", "/?category=A%20B"):
        assert browser.get(path).status_code == 200, path
    for path in ("/products/%00", "/products/A", "/products/" + "x" * 300, "/%ff", "/orders/"):
        assert browser.get(path).status_code in (400, 404), path
    assert browser.client.delete("/cart").status_code in (403, 405)


def test_the_cookie_of_a_visitor_is_parsed_as_one(app: Flask) -> None:
    cookie = SimpleCookie(cookie_of(Browser(app).get("/login")))

    assert is_id(cookie["session"].value)
