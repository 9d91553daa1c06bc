"""Whatever a client can say, the server reads: for any request, read(write(x)) == x."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field, computed_field, create_model

from contracts.core import Anyone, Request, User, Value
from contracts.core.tests import shop
from contracts.shared.time import Timestamp

# Two processors are shared with servers and other tests: time says nothing here.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
AMOUNT = st.decimals(
    allow_nan=False, allow_infinity=False, places=2, min_value=-(10**20), max_value=10**20
)
MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
DAY = st.dates()
LASTS = st.timedeltas(timedelta(-(10**6)), timedelta(10**6))
SKU = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=40).map(shop.Sku)
ORDER_ID = st.integers(0, 10**12).map(lambda number: shop.OrderId(f"ord_{number}"))
STATE = st.sampled_from(shop.State.known())
LINE = st.builds(
    shop.Line, sku=SKU, quantity=st.integers(1, 99), engraving=st.none() | TEXT
) | st.builds(shop.Line, sku=SKU, quantity=st.integers(1, 99))
PAYMENT = st.builds(shop.Card, number=TEXT) | st.builds(shop.Invoice, due=DAY)
TREE = st.recursive(
    st.builds(shop.Category, name=TEXT),
    lambda below: st.builds(
        shop.Category, name=TEXT, rank=WHOLE, below=st.lists(below, max_size=3).map(tuple)
    ),
    max_leaves=10,
)
FREE = st.dictionaries(
    TEXT,
    st.recursive(st.none() | st.booleans() | WHOLE | NUMBER | TEXT, st.lists, max_leaves=5),
    max_size=4,
)

SCALARS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "text": (str, TEXT),
    "whole": (int, WHOLE),
    "number": (float, NUMBER),
    "amount": (Decimal, AMOUNT),
    "yes": (bool, st.booleans()),
    "at": (Timestamp, MOMENT),
    "day": (date, DAY),
    "lasts": (timedelta, LASTS),
    "uuid": (UUID, st.uuids()),
    "size": (shop.Size, st.sampled_from(shop.Size)),
    "floor": (shop.Floor, st.sampled_from(shop.Floor)),
    "state": (shop.State, STATE),
    "order_id": (shop.OrderId, ORDER_ID),
}


def there_and_back(request: Any) -> Any:
    """The request as a server reads it that a client sent it to, over a real URL."""
    wire = type(request).__operation__.wire
    sent = wire.write(request)
    url = sent.path + "?" + urlencode(sent.query)
    path, _, query = url.partition("?")
    segments = wire.path.split("/")
    assert len(segments) == len(path.split("/"))
    values = {
        name[1:-1]: unquote(segment)
        for name, segment in zip(segments, path.split("/"), strict=True)
        if name.startswith("{")
    }
    assert values == sent.values
    return wire.read(values, parse_qsl(query, keep_blank_values=True), sent.body or b"")


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields, so that others stay unset."""
    return st.fixed_dictionaries({}, optional=fields)


@UNHURRIED
@given(
    some(
        **{name: given_ for name, (_, given_) in SCALARS.items() if name != "order_id"},
        naive=st.datetimes(),
        raw=TEXT.map(str.encode),
        payment=PAYMENT,
        either=LINE | TREE,
        tree=TREE,
        priced=st.builds(shop.Priced[int], what=WHOLE, cents=WHOLE),
        free=FREE,
        counts=st.dictionaries(TEXT, WHOLE, max_size=3),
        numbered=st.dictionaries(WHOLE, TEXT, max_size=3),
        several=st.frozensets(WHOLE, max_size=3),
        pair=st.tuples(TEXT, WHOLE),
        renamed=TEXT,
    )
)
def test_a_body_arrives_as_it_was_sent(fields: dict[str, Any]) -> None:
    sent = shop.Everything(**fields)

    arrived = there_and_back(sent)

    assert arrived == sent
    assert arrived.model_fields_set == sent.model_fields_set


@UNHURRIED
@given(
    some(
        **{
            name: SCALARS[name][1]
            for name in ("size", "floor", "text", "number", "yes", "at", "day")
        },
        whole=st.none() | WHOLE,
        status=st.none() | STATE,
        amount=st.none() | AMOUNT,
        lasts=LASTS,
        uuid=st.none() | st.uuids(),
        tags=st.lists(TEXT, max_size=3).map(tuple),
        several=st.frozensets(WHOLE, max_size=3),
        sort=st.sampled_from(["newest", "oldest"]),
        renamed=TEXT,
    )
)
def test_a_query_arrives_as_it_was_sent(fields: dict[str, Any]) -> None:
    sent = shop.ListOrders(**fields)

    assert there_and_back(sent) == sent


@UNHURRIED
@given(
    st.integers(1, 2**40),
    ORDER_ID,
    some(note=st.none() | TEXT, lines=st.lists(LINE, max_size=3).map(tuple)),
)
def test_a_path_and_a_body_arrive_as_they_were_sent(
    floor: int, order_id: Any, fields: dict[str, Any]
) -> None:
    sent = shop.ChangeOrder(order_id=order_id, floor=floor, **fields)

    arrived = there_and_back(sent)

    assert arrived == sent
    assert arrived.model_fields_set == sent.model_fields_set


@st.composite
def requests(draw: st.DrawFn) -> Any:
    """A value of a request class that nobody wrote: any fields in any place, some with an alias."""
    method = draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]))
    names = draw(st.lists(st.sampled_from(sorted(SCALARS)), unique=True, min_size=1, max_size=6))
    in_path = names[: draw(st.integers(0, len(names)))]
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name in names:
        kind, strategy = SCALARS[name]
        alias = draw(st.sampled_from([None, f"{name}-on-the-wire"]))
        if name in in_path:
            fields[name] = (kind, Field(alias=alias))
            values[name] = draw(strategy.filter(lambda value: value not in ("", ".", "..")))
        elif draw(st.booleans()):
            fields[name] = (kind, Field(alias=alias))
            values[name] = draw(strategy)
        else:
            fields[name] = (kind | None, Field(default=None, alias=alias))
            if draw(st.booleans()):
                values[name] = draw(st.none() | strategy)
    if method in ("POST", "PUT", "PATCH"):
        fields["inner"] = (tuple[shop.Line, ...], ())
        fields["tree"] = (shop.Category | None, None)
        fields["payment"] = (shop.Payment | None, None)
        lines = st.lists(LINE, max_size=2).map(tuple)
        values |= draw(some(inner=lines, tree=st.none() | TREE, payment=st.none() | PAYMENT))
    made: Any = create_model(
        "Made",
        __base__=Request[Anyone | User, None],
        __module__=__name__,
        __cls_kwargs__={
            "http": f"{method} /" + "/".join(["made", *(f"{{{name}}}" for name in in_path)])
        },
        **fields,
    )
    return made(**values)


@settings(UNHURRIED, max_examples=150)
@given(requests())
def test_any_request_of_any_class_arrives_as_it_was_sent(sent: Any) -> None:
    arrived = there_and_back(sent)

    assert arrived == sent


def test_what_is_computed_from_a_value_is_not_sent_in_a_request() -> None:
    class Box(Value):
        side: int

        @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
        @property
        def volume(self) -> int:
            return self.side**3

    class Ship(Request[Anyone, Box], http="POST /boxes"):
        box: Box

    sent = Ship(box=Box(side=2))

    assert there_and_back(sent) == sent
    assert Ship.__operation__.wire.write_answer(Box(side=2)) == b'{"side":2,"volume":8}'


@pytest.mark.parametrize("number", [0.1, 1e22, 5e-324, 1.7976931348623157e308, -0.0])
def test_a_number_arrives_to_its_last_bit(number: float) -> None:
    assert there_and_back(shop.ListOrders(number=number)).number == number
    assert there_and_back(shop.Everything(number=number)).number == number
