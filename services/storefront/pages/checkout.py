"""From a cart to an order, once, however often somebody presses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import assert_never

from flask import Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId, UserId
from libs.operations.errors import Misunderstood, Unavailable
from libs.telemetry.logs import get_logger
from services.storefront.carts import Cart
from services.storefront.deps import Deps
from services.storefront.page import page
from services.storefront.pages.cart import ShownCart, shown_cart
from services.storefront.pages.login import fresh_login
from services.storefront.visits import visit

log = get_logger(__name__)

# So long the second of two clicks waits for the first one's order.
SECOND_CLICK_S = 3.0


@dataclass(frozen=True, slots=True)
class Card:
    """A test card of the payment provider. No real one is ever asked for."""

    method: str
    name: str
    what: str


CARDS = (
    Card("pm_card_visa", "Visa ···· 4242", "pays"),
    Card("pm_card_mastercard", "Mastercard ···· 4444", "pays"),
    Card("pm_card_chargeDeclined", "Visa ···· 0002", "is declined"),
    Card("pm_card_chargeDeclinedInsufficientFunds", "Visa ···· 9995", "has no money on it"),
    Card("pm_card_chargeDeclinedExpiredCard", "Visa ···· 0069", "has expired"),
)
_METHODS = {card.method for card in CARDS}


def mount(app: Flask, deps: Deps) -> None:
    """`/checkout`: what will be ordered, and the button."""

    @app.get("/checkout", provide_automatic_options=False)
    def checkout() -> ResponseReturnValue:
        fresh_login(url_for("checkout"))
        cart = visit().cart
        if cart is not None and not cart.lines:
            return redirect(url_for("cart"))
        return _show(deps, cart)

    @app.post("/checkout", endpoint="pay", provide_automatic_options=False)
    def pay() -> ResponseReturnValue:
        user_id = fresh_login(url_for("checkout")).user_id
        version, method = request.form.get("key", "")[:64], request.form.get("card", "")
        cart = visit().cart
        if cart is None:
            return _show(deps, None)
        if version and (order_id := deps.carts.order_of(user_id, version)):
            return _to_order(order_id)
        if not cart.lines:
            return redirect(url_for("cart"))
        if cart.version != version:
            return _show(deps, cart, 409, said="changed")
        if method not in _METHODS:
            return _show(deps, cart, 422, said="method")
        shown = shown_cart(deps, cart)
        if not shown.is_old and not shown.can_be_ordered:
            return redirect(url_for("cart"))
        if not shown.is_old and shown.total and request.form.get("total") != str(shown.total.cents):
            return _show(deps, cart, 409, said="price", method=method)
        if not deps.carts.begin_placing(user_id, version):
            return _after_the_first(deps, cart, user_id, method)
        return _place(deps, cart, user_id, method)


def _place(deps: Deps, cart: Cart, user_id: UserId, method: str) -> ResponseReturnValue:
    version = cart.version
    wanted = tuple(orders.Line(sku=line.sku, quantity=line.units) for line in cart.lines)
    try:
        answer = deps.peers.attempt(
            orders.PlaceOrder(lines=wanted, payment_method=method), key=version
        )
    except Unavailable as error:
        # Whether it was placed nobody knows; with the same key it cannot be placed twice.
        log.warning("not placed", why=str(error))
        deps.carts.give_up_placing(user_id, version)
        return _show(deps, cart, 503, said="unavailable", method=method)
    except Misunderstood as error:
        deps.carts.give_up_placing(user_id, version)
        if error.status != 422:
            raise
        # This key has come before with another card, and nobody heard what became of it.
        log.warning("key taken", why=str(error))
        return _show(deps, cart, 409, said="taken")
    match answer:
        case orders.Order():
            deps.carts.placed(user_id, version, answer.order_id)
            return _to_order(answer.order_id)
        case orders.LineUnavailable():
            _refused(deps, user_id, version)
            return redirect(url_for("cart", short=answer.sku, left=answer.units_left), 303)
        case orders.UnknownProduct():
            _refused(deps, user_id, version)
            return redirect(url_for("cart", short=answer.sku, left=0), 303)
        case orders.TriedTooLate():
            _refused(deps, user_id, version)
            return redirect(url_for("checkout"), 303)
        case never:
            assert_never(never)


def _refused(deps: Deps, user_id: UserId, version: str) -> None:
    """The key now stands for this refusal: the next try gets another one."""
    deps.carts.renew(visit().cart_owner, version)
    deps.carts.give_up_placing(user_id, version)


def _after_the_first(deps: Deps, cart: Cart, user_id: UserId, method: str) -> ResponseReturnValue:
    """The second of two clicks: the browser shows this answer, and it is about the first one's order."""
    ends = time.monotonic() + SECOND_CLICK_S
    while time.monotonic() < ends:
        time.sleep(0.1)
        if order_id := deps.carts.order_of(user_id, cart.version):
            return _to_order(order_id)
        if deps.carts.begin_placing(user_id, cart.version):
            return _place(deps, cart, user_id, method)
    return _show(deps, cart, 503, said="unavailable", method=method)


def _to_order(order_id: OrderId) -> Response:
    made = redirect(url_for("order", order_id=order_id), 303)
    assert isinstance(made, Response)
    return made


def _show(
    deps: Deps, cart: Cart | None, status: int = 200, *, said: str = "", method: str = ""
) -> Response:
    shown: ShownCart | None = None if cart is None else shown_cart(deps, cart)
    return page(
        "checkout.html",
        status if shown else 503,
        cart=shown,
        cards=CARDS,
        said=said,
        method=method or CARDS[0].method,
    )
