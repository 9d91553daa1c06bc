"""The cart."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from contracts.catalog import v1 as catalog
from contracts.shared.ids import Sku
from contracts.shared.money import Money
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from services.storefront.carts import MOST_UNITS, Cart, Wanted
from services.storefront.deps import Deps
from services.storefront.page import is_htmx, page
from services.storefront.visits import visit

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with its product; None for one that is not known."""

    wanted: Wanted
    product: catalog.Product | None

    @property
    def sum(self) -> Money | None:
        """What it costs."""
        if self.product is None:
            return None
        price = self.product.price  # which may not become as large as a sum may
        return Money(cents=price.cents, currency=price.currency) * self.wanted.units

    @property
    def is_short(self) -> bool:
        """Whether there is less in stock than is wanted."""
        return self.product is not None and self.product.units_left < self.wanted.units


@dataclass(frozen=True, slots=True)
class ShownCart:
    """The cart as a customer reads it. `total` is None while a price is missing, and where there are
    two currencies; `is_old` when the prices are from memory."""

    lines: tuple[ShownLine, ...]
    version: str
    total: Money | None
    is_old: bool

    @property
    def units(self) -> int:
        """How many things, all in all."""
        return sum(line.wanted.units for line in self.lines)

    @property
    def can_be_ordered(self) -> bool:
        """Whether nothing of it is known to be short or gone."""
        return bool(self.lines) and all(line.product and not line.is_short for line in self.lines)


def shown_cart(deps: Deps, cart: Cart) -> ShownCart:
    """The cart with its products, asked for in one question."""
    found = deps.shelf.products(line.sku for line in cart.lines)
    lines = tuple(ShownLine(line, found.value.get(line.sku)) for line in cart.lines)
    return ShownCart(lines, cart.version, _total(lines), found.is_old)


def mount(app: Flask, deps: Deps) -> None:
    """`/cart`, and what changes it."""

    @app.get("/cart", provide_automatic_options=False)
    def cart() -> Response:
        now = visit().cart
        if now is None:
            return page("cart.html", 503, cart=None, short=None, units_left=0)
        return page(
            "cart.html",
            cart=shown_cart(deps, now),
            short=request.args.get("short"),
            units_left=request.args.get("left", 0, int),
        )

    @app.post("/cart/lines", provide_automatic_options=False)
    def add_to_cart() -> ResponseReturnValue:
        sku, units = _sku(), _units(default=1)
        now = visit()
        now.needs_cookie = True
        try:
            fits = deps.carts.add(now.cart_owner, sku, max(units, 1)) if now.is_remembered else None
        except Unavailable as error:
            log.warning("not added", why=str(error))
            fits = None
        if fits:
            now.cart = deps.carts.find(now.cart_owner)
        if is_htmx():
            return Response(render_template("added.html", sku=sku, fits=fits))
        if fits is None:
            return page("cart.html", 503, cart=None, short=None, units_left=0)
        return redirect(url_for("cart", added=sku if fits else None, full=None if fits else 1), 303)

    @app.post("/cart/lines/<sku>", provide_automatic_options=False)
    def change_line(sku: str) -> ResponseReturnValue:
        now = visit()
        units = 0 if "remove" in request.form else _units(default=1)
        deps.carts.put(now.cart_owner, _sku(sku), units)
        return redirect(url_for("cart"), 303)


def _total(lines: tuple[ShownLine, ...]) -> Money | None:
    sums = [line.sum for line in lines]
    known = [each for each in sums if each is not None]
    if len(known) < len(sums) or len({each.currency for each in known}) != 1:
        return None
    return sum(known[1:], start=known[0])


def _sku(said: str | None = None) -> Sku:
    try:
        return catalog.GetProduct(sku=Sku(said or request.form.get("sku", ""))).sku
    except ValidationError:
        abort(404)


def _units(default: int) -> int:
    try:
        units = int(request.form.get("units", default))
    except ValueError:
        return default
    return min(max(units, 0), MOST_UNITS)
