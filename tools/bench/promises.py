"""The workload: place an order of five lines, and get one by its id."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.core import Anyone, Problem, Request, Value

Sku = Annotated[str, Field(min_length=1, max_length=40)]
Cents = Annotated[int, Field(ge=0, le=10**9)]


class Line(Value):
    """So many of one thing at a price."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=99)]
    price_cents: Cents


class Order(Value):
    """An order as it was placed."""

    order_id: str
    lines: tuple[Line, ...]
    total_cents: Cents
    status: str = "pending"


class NoSuchOrder(Problem, status=404, title="No such order"):
    """No order has this id."""

    order_id: str


class PlaceOrder(Request[Anyone, Order], http="POST /api/v1/orders", status=201):
    """Total the lines."""

    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]


class GetOrder(Request[Anyone, Order, NoSuchOrder], http="GET /api/v1/orders/{order_id}"):
    """One order."""

    order_id: str
