"""What the catalog promises: products with their prices, stock, and holds on it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.core import (
    KEYED,
    SAFE,
    Admin,
    Anyone,
    Event,
    JsonObject,
    Page,
    Problem,
    Request,
    Service,
    Value,
)
from contracts.shared.ids import OrderId, Sku
from contracts.shared.money import Money
from contracts.shared.quantities import Quantity, Units
from contracts.shared.text import ONE_LINE
from contracts.shared.time import Timestamp

ProductName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=200,
        # It stands in mails and on invoices: it breaks no line and turns no text around.
        pattern=ONE_LINE,
    ),
    Field(
        examples=[
            "Harbour mug, blue",
            "Camp mug, enamel",
            "Espresso cups, set of two",
            "Soup bowl, speckled",
            "Daily bowl",
        ]
    ),
]
Description = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=4000),
    Field(
        examples=[
            "The blue of a harbour after rain. Keeps tea warm while you look for your glasses.",
            "For fires, balconies and people who drop things.",
            "Keeps a small coffee hot to the last sip. Saucers included.",
            "Deep enough for soup and shallow enough for pasta.",
            "The bowl you reach for each morning.",
        ]
    ),
]
Category = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z-]{0,39}$"), Field(examples=["tableware"])
]
PriceCents = Annotated[int, Field(ge=0, le=100_000_000)]


class Price(Money):
    """What one unit costs; never negative."""

    cents: PriceCents


class Product(Value):
    """A product as customers see it. `attributes` is whatever describes this kind of product."""

    sku: Sku
    name: ProductName
    description: Description = ""
    category: Category
    price: Price
    attributes: JsonObject
    units_left: Units


class NoSuchProduct(Problem, status=404, title="No such product"):
    """The catalog has nothing of this number."""

    sku: Sku


class BadCursor(Problem, status=400, title="This cursor does not lead on"):
    """Start again without a cursor; one belongs to the query and filters that it came with."""


class ListProducts(Request[Anyone, Page[Product], BadCursor], http="GET /api/v1/products"):
    """Products, best match first with a `query`, else by number. All words of a query must be found,
    each may be the beginning of one. Filters narrow, `skus` to these products alone; `cursor` goes on
    where the page before ended."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    category: Category | None = None
    cheapest_cents: PriceCents | None = None
    dearest_cents: PriceCents | None = None
    in_stock: bool | None = None
    skus: Annotated[tuple[Sku, ...], Field(max_length=50)] = ()
    cursor: Annotated[str, Field(max_length=300)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class CategorySize(Value):
    """A category, and how many products it has; at least one."""

    category: Category
    products: int


class Categories(Value):
    """All categories, by name."""

    items: tuple[CategorySize, ...]


class ListCategories(Request[Anyone, Categories], http="GET /api/v1/categories"):
    """What the shop's shelves are called."""


class GetProduct(Request[Anyone, Product, NoSuchProduct], http="GET /api/v1/products/{sku}"):
    """One product."""

    sku: Sku


class PutProduct(Request[Admin, Product], http="PUT /api/v1/products/{sku}"):
    """Add a product, or replace what is said of it. Stock stays as it is; a new one has none."""

    sku: Sku
    name: ProductName
    description: Description = ""
    category: Category
    price: Price
    attributes: Annotated[JsonObject, Field(default_factory=dict)]


class StockTooLow(Problem, status=409, title="There is not so much stock to take away"):
    """Units that are held for orders cannot be taken away either."""

    sku: Sku
    units_left: Units


class StockTooHigh(Problem, status=409, title="There would be more units than can be kept"):
    """A million of one product is the most, those that are held for orders included."""

    sku: Sku
    units_left: Units


class ChangeStock(
    Request[Admin, Product, NoSuchProduct | StockTooLow | StockTooHigh],
    http="POST /api/v1/products/{sku}/stock",
    repeat=KEYED,
):
    """Units came in (positive), or are gone (negative)."""

    sku: Sku
    units: Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class Line(Value):
    """So many of a product."""

    sku: Sku
    quantity: Quantity


class HeldLine(Value):
    """A line as it was asked for, with what it costs; the price was read together with the hold."""

    sku: Sku
    name: ProductName
    quantity: Quantity
    unit_price: Price


class ReservationState(StrEnum):
    """What became of a hold."""

    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"


class Reservation(Value):
    """Stock that is held for an order until it is committed or released. After `expires_at` it is
    released as soon as orders says that the order is cancelled or was never placed."""

    order_id: OrderId
    state: ReservationState
    lines: tuple[HeldLine, ...]
    expires_at: Timestamp


class OutOfStock(Problem, status=409, title="Not enough stock for a line"):
    """Nothing was held: all lines or none."""

    sku: Sku
    units_left: Units


class UnknownLine(Problem, status=422, title="A line names no product"):
    """Nothing was held: all lines or none."""

    sku: Sku


class ReservationEnded(Problem, status=409, title="This reservation has ended"):
    """It was released or ran out; what it held may be sold."""

    order_id: OrderId


class ReserveStock(
    Request[Service, Reservation, OutOfStock | UnknownLine | ReservationEnded],
    http="PUT /api/v1/reservations/{order_id}",
    repeat=SAFE,
):
    """Hold stock for all lines of an order, or for none. Repeating it gives the same hold, and time
    again when half of that is over."""

    order_id: OrderId
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]


class NoSuchReservation(Problem, status=404, title="No such reservation"):
    """Nothing was ever held for this order."""

    order_id: OrderId


class GetReservation(
    Request[Service, Reservation, NoSuchReservation], http="GET /api/v1/reservations/{order_id}"
):
    """What is held for an order."""

    order_id: OrderId


class ReleaseStock(
    Request[Service, None, ReservationEnded], http="DELETE /api/v1/reservations/{order_id}"
):
    """Give back what is held for an order; safe to repeat, and before anything was held: then
    nothing can be held for it any more. ReservationEnded when it was committed."""

    order_id: OrderId


class StockRanOut(Event, name="catalog.stock_ran_out.v1", key="sku"):
    """The last free unit of a product was held or taken away."""

    sku: Sku
