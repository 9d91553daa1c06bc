"""Shelves, search and products."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from contracts.catalog import v1 as catalog
from contracts.core import Page
from contracts.shared.ids import Sku
from libs.client import gather
from libs.operations.errors import Unavailable
from services.storefront.deps import Deps
from services.storefront.page import page
from services.storefront.shelf import Shown

PER_PAGE = 24
_PRICE = re.compile(r"(\d{1,6})(?:[.,](\d{1,2}))?")
_NOT_A_PRICE = "Write an amount, such as 20 or 19.90"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the customer asks for, as they typed it."""

    q: str = ""
    category: str = ""
    min: str = ""
    max: str = ""
    stock: str = ""
    cursor: str = ""

    @classmethod
    def of_request(cls) -> Filters:
        """Those of the address."""
        said = {name: request.args.get(name, "").strip()[:300] for name in cls.__slots__}
        return cls(**said)

    @property
    def narrow(self) -> bool:
        """Whether anything but the category narrows what is shown."""
        return bool(self.min or self.max or self.stock)

    def link(self, **changes: str) -> str:
        """The address of the same list with these changes; it begins at its first page."""
        said = {name: getattr(self, name) for name in self.__slots__ if name != "cursor"} | changes
        query = urlencode({name: value for name, value in said.items() if value})
        return url_for("home") + (f"?{query}" if query else "")


def mount(app: Flask, deps: Deps) -> None:
    """`/` with search and filters, `/products/SKU`."""

    @app.get("/", provide_automatic_options=False)
    def home() -> ResponseReturnValue:
        filters = Filters.of_request()
        asked, wrong = _request(filters)
        categories, found = gather(deps.shelf.categories, lambda: deps.shelf.list(asked))
        if isinstance(found, catalog.BadCursor):
            return redirect(filters.link())
        shown: Shown[Page[catalog.Product]] | None
        # That nothing was found some time ago is no help now either.
        if isinstance(found, Unavailable) or (found.is_old and not found.value.items):
            shown, is_substitute = _substitute(deps), True
        else:
            shown, is_substitute = found, False
        return page(
            "home.html",
            503 if shown is None else 200,
            filters=filters,
            wrong=wrong,
            categories=() if isinstance(categories, Unavailable) else categories.value.items,
            products=shown.value.items if shown else (),
            next_link=filters.link(cursor=shown.value.next_cursor)
            if shown and shown.value.next_cursor and not is_substitute
            else None,
            is_old=shown is None or shown.is_old,
            is_substitute=is_substitute,
        )

    @app.get("/products/<sku>", provide_automatic_options=False)
    def product(sku: str) -> Response:
        try:
            asked = catalog.GetProduct(sku=Sku(sku))
        except ValidationError:
            abort(404)
        try:
            shown = deps.shelf.product(asked.sku)
        except Unavailable:
            return page("product.html", 503, sku=asked.sku, product=None, is_old=True)
        if isinstance(shown, catalog.NoSuchProduct):
            abort(404)
        return page("product.html", sku=asked.sku, product=shown.value, is_old=shown.is_old)


def _request(filters: Filters) -> tuple[catalog.ListProducts, dict[str, str]]:
    """What to ask the catalog; a filter that cannot be is left out, and named with what is wrong."""
    said: dict[str, object] = {"limit": PER_PAGE}
    wrong: dict[str, str] = {}
    for field, name, text in (
        ("cheapest_cents", "min", filters.min),
        ("dearest_cents", "max", filters.max),
    ):
        if text and (shape := _PRICE.fullmatch(text.removeprefix("€").strip())):
            said[field] = int(shape[1]) * 100 + int((shape[2] or "0").ljust(2, "0"))
        elif text:
            wrong[name] = _NOT_A_PRICE
    if filters.stock:
        said["in_stock"] = True
    for field, text in (
        ("query", filters.q),
        ("category", filters.category),
        ("cursor", filters.cursor),
    ):
        if text:
            said[field] = text
    try:
        return catalog.ListProducts.model_validate(said), wrong
    except ValidationError:
        # A category or a cursor that no link of ours has.
        said = {name: value for name, value in said.items() if name not in ("category", "cursor")}
        said["query"] = filters.q[:200] or None
        return catalog.ListProducts.model_validate(said), wrong


def _substitute(deps: Deps) -> Shown[Page[catalog.Product]] | None:
    """The first page of all products, as it was last seen, for a list that never was."""
    try:
        shown = deps.shelf.list(catalog.ListProducts(limit=PER_PAGE))
    except Unavailable:
        return None
    return None if isinstance(shown, catalog.BadCursor) else shown
