"""A contract page that says everything the language can say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Generic, Literal, NewType
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import TypeVar

from contracts.core import (
    KEYED,
    Accepted,
    Admin,
    Anyone,
    Event,
    JsonObject,
    OpenEnum,
    Page,
    Problem,
    Request,
    Service,
    User,
    Value,
)
from contracts.shared.time import Timestamp

OrderId = NewType("OrderId", Annotated[str, StringConstraints(pattern=r"^ord_[0-9]+$")])
Sku = NewType("Sku", Annotated[str, StringConstraints(min_length=1, max_length=40)])
T = TypeVar("T")


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Floor(IntEnum):
    GROUND = 0
    FIRST = 1


class State(OpenEnum):
    PENDING = "pending"
    PAID = "paid"
    UNKNOWN = "unknown"


class Card(Value):
    kind: Literal["card"] = "card"
    number: str


class Invoice(Value):
    kind: Literal["invoice"] = "invoice"
    due: date


Payment = Annotated[Card | Invoice, Field(discriminator="kind")]


class Line(Value):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=99)]
    engraving: str | None = None


class Category(Value):
    name: str
    rank: int = 0
    below: tuple[Category, ...] = ()


class Priced(Value, Generic[T]):
    what: T
    cents: int


class Order(Value):
    order_id: OrderId
    status: State
    lines: tuple[Line, ...]
    placed_at: Timestamp


class LineUnavailable(Problem, status=409, title="Not enough stock for a line"):
    sku: Sku
    units_left: int


class NoSuchOrder(Problem, status=404, title="No such order"):
    order_id: OrderId


class Closed(Problem, status=503, title="The shop is closed"):
    """Without a field of its own."""


class PlaceOrder(
    Request[User, Order, LineUnavailable | Closed],
    http="POST /api/v1/orders",
    status=201,
    repeat=KEYED,
):
    """Names that mean something to the language are free for the fields."""

    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]
    status: Size = Size.SMALL
    path: str = ""
    name: str = ""
    type: str = ""
    key: str = ""
    http: str = ""
    answer: str = ""
    payment: Payment | None = None
    password: Annotated[str, Field(min_length=10)] | None = Field(None, repr=False)


class Everything(Request[Anyone, None], http="POST /api/v1/everything"):
    """A body with one field of each kind."""

    text: str = ""
    whole: int = 0
    number: float = 0.0
    amount: Decimal = Decimal(0)
    yes: bool = False
    at: Timestamp | None = None
    naive: datetime | None = None
    day: date | None = None
    lasts: timedelta | None = None
    uuid: UUID | None = None
    raw: bytes = b""
    size: Size | None = None
    floor: Floor | None = None
    state: State | None = None
    payment: Payment | None = None
    either: Line | Category | None = None
    tree: Category | None = None
    priced: Priced[int] | None = None
    free: JsonObject | None = None
    counts: dict[str, int] = {}
    numbered: dict[int, str] = {}
    several: frozenset[int] = frozenset()
    pair: tuple[str, int] | None = None
    renamed: str = Field("", alias="re-named")


class ChangeOrder(
    Request[User, None, NoSuchOrder | Closed],
    http="PATCH /api/v1/orders/{order_id}/floors/{floor}",
):
    order_id: OrderId
    floor: int
    note: str | None = "none yet"
    lines: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _ground_floor_is_full(self) -> ChangeOrder:
        if self.floor == 0 and self.lines:
            raise ValueError("nothing fits on the ground floor")
        return self


class CancelOrder(Request[User, None, NoSuchOrder], http="POST /api/v1/orders/{order_id}/cancel"):
    order_id: OrderId


class GetOrder(
    Request[User | Admin | Service, Order, NoSuchOrder], http="GET /api/v1/orders/{order_id}"
):
    order_id: OrderId


class FindFile(Request[Anyone, None], http="GET /files/{name}/{at}/{uuid}/{size}"):
    name: str
    at: Timestamp
    uuid: UUID
    size: Size


class ListOrders(Request[User, Page[Order]], http="GET /api/v1/orders"):
    """A query with one field of each kind."""

    status: State | None = None
    size: Size | None = None
    floor: Floor | None = None
    text: str = ""
    whole: int | None = None
    number: float = 0.0
    amount: Decimal | None = None
    yes: bool = False
    at: Timestamp | None = None
    day: date | None = None
    lasts: timedelta | None = None
    uuid: UUID | None = None
    tags: tuple[str, ...] = ()
    several: frozenset[int] = frozenset()
    sort: Literal["newest", "oldest"] = "newest"
    renamed: str = Field("", alias="re-named")


class ExportOrders(Request[Admin, Accepted[GetOrder]], http="POST /api/v1/exports"):
    pass


class GetMe(Request[User, Order], http="GET /api/v1/me"):
    pass


class OrderPlaced(Event, name="core.order_placed.v1", key="order_id"):
    order_id: OrderId
    status: State
    total_cents: int
