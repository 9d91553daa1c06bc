"""An order: where it stands, live; cancelled, or put into the cart once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from flask import Flask, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from contracts.catalog import v1 as catalog
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.shared.ids import OrderId, Sku
from libs.operations.errors import Misunderstood, Unavailable
from libs.telemetry.logs import get_logger
from services.storefront.deps import Deps
from services.storefront.page import page, skus_of
from services.storefront.pages.login import fresh_login
from services.storefront.visits import visit

log = get_logger(__name__)

# A payment takes less than a second; after so many somebody waits, and is told what for.
SLOW_S = 6.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands, in the words of the page: also when nobody can say."""

    order_id: OrderId
    state: str
    title: str
    sentence: str

    @property
    def is_final(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.state in ("confirmed", "cancelled", "declined")


def mount(app: Flask, deps: Deps) -> None:
    """`/orders/ID`, its state alone for whoever waits, and what can be done with it."""

    @app.get("/orders/<order_id>", provide_automatic_options=False)
    def order(order_id: str) -> Response:
        fresh_login(request.path)
        asked = _get(order_id)
        found = _found(deps, asked)
        if isinstance(found, Unavailable):
            log.warning("order not shown", why=str(found))
            return page(
                "order.html",
                503,
                order=None,
                standing=_unknown(asked.order_id),
                products={},
                said=request.args.get("said", ""),
            )
        return page(
            "order.html",
            order=found,
            standing=_standing(deps, found),
            products=_products(deps, found),
            said=request.args.get("said", ""),
        )

    @app.get("/orders/<order_id>/state", provide_automatic_options=False)
    def order_state(order_id: str) -> Response:
        fresh_login(url_for("order", order_id=order_id))
        asked = _get(order_id)
        found = _found(deps, asked)
        standing = (
            _unknown(asked.order_id) if isinstance(found, Unavailable) else _standing(deps, found)
        )
        if standing.state == request.args.get("seen"):
            # Nothing new: nothing is swapped, and nothing is read out again.
            return Response(status=204, headers={"Cache-Control": "no-store"})
        return page("standing.html", standing=standing)

    @app.post("/orders/<order_id>/cancel", provide_automatic_options=False)
    def cancel_order(order_id: str) -> ResponseReturnValue:
        where = url_for("order", order_id=order_id)
        fresh_login(where)
        asked = _get(order_id)
        answer = deps.peers.attempt(orders.CancelOrder(order_id=asked.order_id))
        match answer:
            case orders.Order():
                return redirect(where, 303)
            case orders.TooLateToCancel():
                return redirect(url_for("order", order_id=order_id, said="too-late"), 303)
            case orders.NoSuchOrder():
                abort(404)
            case never:
                assert_never(never)

    @app.post("/orders/<order_id>/again", provide_automatic_options=False)
    def order_again(order_id: str) -> ResponseReturnValue:
        fresh_login(url_for("order", order_id=order_id))
        found = _found(deps, _get(order_id))
        if isinstance(found, Unavailable):
            raise found
        for line in found.lines:
            deps.carts.put(visit().cart_owner, line.sku, line.quantity)
        return redirect(url_for("cart"), 303)


def _get(order_id: str) -> orders.GetOrder:
    try:
        return orders.GetOrder(order_id=OrderId(order_id))
    except ValidationError:
        abort(404)


def _found(deps: Deps, asked: orders.GetOrder) -> orders.Order | Unavailable:
    try:
        answer = deps.peers.attempt(asked)
    except Unavailable as error:
        return error
    if isinstance(answer, orders.NoSuchOrder):
        abort(404)
    return answer


def _standing(deps: Deps, order: orders.Order) -> Standing:
    match order.status:
        case orders.Status.CONFIRMED:
            return Standing(
                order.order_id,
                "confirmed",
                "Thank you. Your order is confirmed.",
                "The payment went through, and a mail with everything is on its way to you.",
            )
        case orders.Status.CANCELLED:
            return _cancelled(order)
        case _:
            return _pending(deps, order)


def _cancelled(order: orders.Order) -> Standing:
    if order.reason is orders.Reason.PAYMENT_DECLINED:
        why = order.detail or "The bank did not say why."
        return Standing(
            order.order_id,
            "declined",
            "The payment did not go through.",
            f"{why.rstrip('.')}. Nothing was charged, and the goods are back on the shelf.",
        )
    sentence = _CANCELLED[order.reason or orders.Reason.UNKNOWN]
    return Standing(order.order_id, "cancelled", "This order is cancelled.", sentence)


_CANCELLED = {
    orders.Reason.BY_CUSTOMER: "You cancelled it. What was already paid comes back to your card.",
    orders.Reason.PAYMENT_DECLINED: "The card was declined. Nothing was charged.",
    orders.Reason.RESERVATION_LOST: "Somebody else took the last of it. Nothing is charged.",
    orders.Reason.TOOK_TOO_LONG: "The payment did not come in time. Nothing is charged.",
    orders.Reason.UNKNOWN: "What was already paid comes back to your card.",
}


def _pending(deps: Deps, order: orders.Order) -> Standing:
    waited_s = (datetime.now(UTC) - order.placed_at).total_seconds()
    if waited_s < SLOW_S:
        return Standing(
            order.order_id,
            "pending",
            "We have your order.",
            "The payment is being taken. This page changes by itself as soon as it is.",
        )
    if _payments_are_away(deps, order.order_id):
        return Standing(
            order.order_id,
            "waiting-for-payments",
            "We have your order, and payments are resting.",
            "The payment will be taken as soon as they are back, once. You can close this page: "
            "a mail will tell you, and your goods are held for you.",
        )
    return Standing(
        order.order_id,
        "slow",
        "We have your order. The payment takes longer than usual.",
        "You can close this page: a mail will tell you, and your goods are held for you.",
    )


def _payments_are_away(deps: Deps, order_id: OrderId) -> bool:
    try:
        deps.peers.attempt(payments.GetPayment(order_id=order_id))
    except (Unavailable, Misunderstood) as error:
        log.warning("payments away", why=str(error))
        return True
    return False


def _unknown(order_id: OrderId) -> Standing:
    return Standing(
        order_id,
        "unknown",
        "We cannot look at your order right now.",
        "It is safe. This page tries again by itself.",
    )


def _products(deps: Deps, order: orders.Order) -> dict[Sku, catalog.Product]:
    return deps.shelf.products(skus_of(order.lines)).value
