"""The same two operations in four forms: ours, and three ways that Flask is often written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

from flask import Flask, Response, abort, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from contracts.core import Anyone
from libs.operations.dispatch import operations_of
from libs.operations.envelope import Nobody
from libs.web import serve
from tools.bench import promises
from tools.bench.peers import peer
from tools.bench.promises import Line, NoSuchOrder, Order

ORDER_ID = "ord_01hzy3v7kq9d3m5c8f2x4w6b0a"
LINES = tuple(Line(sku=f"mug-{n}", quantity=n + 1, price_cents=1250 + n) for n in range(5))
Shelf = dict[str, Any]


def place(call: promises.PlaceOrder, _: Anyone, shelf: Shelf) -> Order:
    """Our handler of PlaceOrder."""
    total = sum(line.quantity * line.price_cents for line in call.lines)
    return Order(order_id=ORDER_ID, lines=call.lines, total_cents=total)


def get(call: promises.GetOrder, _: Anyone, shelf: Shelf) -> Order | NoSuchOrder:
    """Our handler of GetOrder."""
    found: Order | None = shelf.get(call.order_id)
    return found or NoSuchOrder(order_id=call.order_id)


routes = (promises.PlaceOrder.handled_by(place), promises.GetOrder.handled_by(get))


def an_order() -> Order:
    """The order that every form finds on its shelf."""
    return place(promises.PlaceOrder(lines=LINES), Anyone(), {})


def ours() -> Flask:
    """Contract, dispatch, Flask."""
    app = Flask(__name__)
    serve(app, sys.modules[promises.__name__], routes, {ORDER_ID: an_order()}, access=Nobody())
    assert len(operations_of(promises)) == 2
    return app


def bare_flask() -> Flask:
    """Dicts in and out; nothing is validated."""
    app = Flask(__name__)
    shelf = {ORDER_ID: an_order().model_dump(mode="json")}

    @app.post("/api/v1/orders")
    def place_order() -> tuple[Shelf, int]:
        lines = request.get_json()["lines"]
        total = sum(line["quantity"] * line["price_cents"] for line in lines)
        return _placed(lines, total), 201

    @app.get("/api/v1/orders/<order_id>")
    def get_order(order_id: str) -> Shelf:
        return shelf.get(order_id) or abort(404)

    return app


def flask_pydantic() -> Flask:
    """pydantic from bytes to bytes in a plain view."""
    app = Flask(__name__)
    order: TypeAdapter[PlainOrder] = TypeAdapter(PlainOrder)
    shelf = {ORDER_ID: PlainOrder.model_validate(an_order().model_dump())}

    @app.post("/api/v1/orders")
    def place_order() -> Response:
        asked = PlainRequest.model_validate_json(request.get_data())
        total = sum(line.quantity * line.price_cents for line in asked.lines)
        made = order.validate_python(_placed(asked.lines, total))
        return Response(order.dump_json(made), 201, content_type="application/json")

    @app.get("/api/v1/orders/<order_id>")
    def get_order(order_id: str) -> Response:
        return Response(order.dump_json(shelf[order_id]), content_type="application/json")

    return app


class PlainLine(BaseModel):
    """A line, in pydantic without our language."""

    model_config = ConfigDict(extra="forbid")
    sku: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=99)]
    price_cents: Annotated[int, Field(ge=0)]


class PlainRequest(BaseModel):
    """The body of the POST."""

    model_config = ConfigDict(extra="forbid")
    lines: Annotated[list[PlainLine], Field(min_length=1, max_length=50)]


class PlainOrder(BaseModel):
    """The answer."""

    order_id: str
    lines: list[PlainLine]
    total_cents: int
    status: str


def seed() -> Flask | None:
    """The article's form: a marshmallow schema made for each call, and jsonify. None without
    marshmallow."""
    marshmallow = peer("marshmallow")
    if marshmallow is None:
        return None
    fields, validate = marshmallow.fields, marshmallow.validate
    line_schema = marshmallow.Schema.from_dict(
        {
            "sku": fields.Str(required=True, validate=validate.Length(min=1, max=40)),
            "quantity": fields.Int(required=True, validate=validate.Range(min=1, max=99)),
            "price_cents": fields.Int(required=True, validate=validate.Range(min=0)),
        }
    )
    lines = fields.List(
        fields.Nested(line_schema), required=True, validate=validate.Length(min=1, max=50)
    )
    request_schema = marshmallow.Schema.from_dict({"lines": lines})
    order_schema = marshmallow.Schema.from_dict(
        {
            "order_id": fields.Str(),
            "lines": fields.List(fields.Nested(line_schema)),
            "total_cents": fields.Int(),
            "status": fields.Str(),
        }
    )
    app = Flask(__name__)
    shelf = {ORDER_ID: an_order()}

    @app.post("/api/v1/orders")
    def place_order() -> tuple[Response, int]:
        try:
            asked = request_schema().load(request.get_json())
        except marshmallow.ValidationError as error:
            return jsonify(errors=error.messages), 422
        total = sum(line["quantity"] * line["price_cents"] for line in asked["lines"])
        return jsonify(order_schema().dump(_placed(asked["lines"], total))), 201

    @app.get("/api/v1/orders/<order_id>")
    def get_order(order_id: str) -> tuple[Response, int]:
        if order_id not in shelf:
            return jsonify(error="no such order"), 404
        return jsonify(order_schema().dump(shelf[order_id])), 200

    return app


def _placed(lines: Any, total_cents: int) -> Shelf:
    return {
        "order_id": ORDER_ID,
        "lines": lines,
        "total_cents": total_cents,
        "status": "pending",
    }


FORMS: dict[str, Callable[[], Flask | None]] = {
    "ours": ours,
    "bare Flask, dict": bare_flask,
    "Flask + pydantic bytes": flask_pydantic,
    "seed: marshmallow, jsonify": seed,
}
