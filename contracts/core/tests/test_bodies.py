"""Bodies: JSON, read strictly from its bytes; what was not declared is refused."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.core.chassis import InvalidRequest, MalformedRequest
from contracts.core.requests import Request
from contracts.core.tests import shop
from contracts.core.tests.pages import page

LINE = shop.Line(sku=shop.Sku("mug"), quantity=2)


def read(kind: type[Request[Any, Any, Any]], body: bytes, **path: str) -> Any:
    return kind.__operation__.wire.read(path, [], body)


def refused(
    kind: type[Request[Any, Any, Any]], body: bytes, **path: str
) -> list[tuple[str, str, str]]:
    """Where a request is wrong, and pydantic's word for it."""
    with pytest.raises(InvalidRequest) as caught:
        read(kind, body, **path)
    return [(wrong.location, wrong.pointer, wrong.code) for wrong in caught.value.errors]


@pytest.mark.parametrize(
    "body",
    [
        b'{"whole": "7"}',
        b'{"whole": true}',
        b'{"whole": 3.0}',
        b'{"whole": "1_000"}',
        b'{"number": "3"}',
        b'{"yes": 1}',
        b'{"yes": "true"}',
        b'{"text": 3}',
        b'{"at": 1700000000}',
        b'{"lasts": 3}',
        b'{"raw": 3}',
        b'{"amount": true}',
        b'{"several": "12"}',
        b'{"counts": [["a", 1]]}',
    ],
)
def test_a_body_is_not_bent_into_shape(body: bytes) -> None:
    assert len(refused(shop.Everything, body)) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"discount": 1}', "/discount"),
        (b'{"tree": {"name": "", "depth": 1}}', "/tree/depth"),
        (b'{"tree": {"name": "", "below": [{"name": "", "x": 1}]}}', "/tree/below/0/x"),
        (b'{"priced": {"what": 1, "cents": 1, "x": 1}}', "/priced/x"),
        (b'{"payment": {"kind": "card", "number": "1", "x": 1}}', "/payment/x"),
        (b'{"renamed": "by its name in Python"}', "/renamed"),
        (b'{"a/b~c": 1}', "/a~1b~0c"),
    ],
)
def test_an_unknown_field_of_a_request_is_refused_however_deep(body: bytes, pointer: str) -> None:
    assert refused(shop.Everything, body) == [("body", pointer, "extra_forbidden")]


def test_a_pointer_leads_to_the_fault_also_through_a_union() -> None:
    card = refused(shop.Everything, b'{"payment": {"kind": "card"}}')
    either = refused(shop.Everything, b'{"either": {"name": 1, "below": 2}}')
    key = refused(shop.Everything, b'{"numbered": {"one": "1"}}')

    assert card == [("body", "/payment/number", "missing")]
    assert ("body", "/either/name", "string_type") in either
    assert {pointer.split("/")[1] for _, pointer, _ in either} == {"either"}
    assert key == [("body", "/numbered/one", "int_parsing")]


def test_a_request_names_all_its_faults_up_to_twenty() -> None:
    few = refused(shop.Everything, b'{"whole": "", "text": 1, "yes": 2}')
    many = refused(shop.Everything, b'{"several": [%s]}' % b",".join([b'"x"'] * 100))

    assert [pointer for _, pointer, _ in few] == ["/text", "/whole", "/yes"]
    assert len(many) == 20


def test_a_closed_enum_takes_its_values_and_nothing_else() -> None:
    assert read(shop.Everything, b'{"size": "small"}').size is shop.Size.SMALL
    assert refused(shop.Everything, b'{"size": "huge"}') == [("body", "/size", "enum")]


@pytest.mark.parametrize("sent", [b'"shipped"', b'"unknown"', b"3"])
def test_a_request_says_no_value_of_an_open_enum_that_the_server_does_not_know(sent: bytes) -> None:
    assert read(shop.Everything, b'{"state": "paid"}').state is shop.State.PAID
    assert refused(shop.Everything, b'{"state": %s}' % sent) == [("body", "/state", "enum")]


def test_an_absent_body_is_an_empty_one() -> None:
    assert read(shop.Everything, b"") == shop.Everything()
    assert refused(shop.PlaceOrder, b"") == [("body", "/lines", "missing")]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"lines"', b"7"])
def test_a_body_is_an_object(body: bytes) -> None:
    assert refused(shop.Everything, body) == [("body", "", "model_type")]


@pytest.mark.parametrize(
    "body", [b"lines=3", b"{", b"{} {}", b"{}//", b" ", b"\xef\xbb\xbf{}", "{}".encode("utf-16")]
)
def test_a_body_that_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="Invalid JSON"):
        read(shop.Everything, body)


def test_of_two_equal_keys_the_last_counts_and_nothing_else_reads_the_bytes() -> None:
    assert read(shop.Everything, b'{"text": "first", "text": "last"}').text == "last"


def test_only_what_was_set_travels_so_a_patch_tells_unset_from_null() -> None:
    wire = shop.ChangeOrder.__operation__.wire
    bodies = [
        wire.write(shop.ChangeOrder(order_id=shop.OrderId("ord_1"), floor=3)),
        wire.write(shop.ChangeOrder(order_id=shop.OrderId("ord_1"), floor=3, note=None)),
        wire.write(shop.ChangeOrder(order_id=shop.OrderId("ord_1"), floor=3, lines=(LINE,))),
    ]

    arrived = [wire.read(sent.values, [], sent.body or b"") for sent in bodies]

    assert [sent.body for sent in bodies] == [
        b"{}",
        b'{"note":null}',
        b'{"lines":[{"sku":"mug","quantity":2}]}',
    ]
    assert [got.model_fields_set - {"order_id", "floor"} for got in arrived] == [
        set(),
        {"note"},
        {"lines"},
    ]
    assert [getattr(got, "note", "") for got in arrived] == ["none yet", None, "none yet"]


def test_the_tag_of_a_union_travels_though_it_was_left_to_its_default() -> None:
    placed = shop.PlaceOrder(lines=(LINE,), payment=shop.Card(number="4111"))
    wire = shop.PlaceOrder.__operation__.wire

    sent = wire.write(placed).body

    assert (
        sent == b'{"lines":[{"sku":"mug","quantity":2}],"payment":{"kind":"card","number":"4111"}}'
    )
    assert wire.read({}, [], sent) == placed


def test_a_body_does_not_change_what_the_path_says() -> None:
    path = {"order_id": "ord_1", "floor": "3"}

    smuggled = refused(shop.ChangeOrder, b'{"order_id": "ord_2"}', **path)
    without_a_body = refused(shop.CancelOrder, b'{"order_id": "ord_2"}', order_id="ord_1")

    assert smuggled == without_a_body == [("body", "/order_id", "extra_forbidden")]
    assert read(shop.ChangeOrder, b'{"note": "x"}', **path).order_id == "ord_1"
    assert read(shop.CancelOrder, b"{}", order_id="ord_1").order_id == "ord_1"


def test_with_a_path_the_body_stays_strict_and_the_path_lenient() -> None:
    path = {"order_id": "ord_1", "floor": "3"}

    changed = read(shop.ChangeOrder, b'{"lines": [{"sku": "mug", "quantity": 1}]}', **path)

    assert (changed.floor, changed.lines[0].quantity) == (3, 1)
    assert refused(shop.ChangeOrder, b'{"lines": [{"sku": "mug", "quantity": "1"}]}', **path) == [
        ("body", "/lines/0/quantity", "int_type")
    ]
    assert refused(shop.ChangeOrder, b"{}", order_id="ord_1", floor="third") == [
        ("path", "/floor", "int_parsing")
    ]


def test_what_a_request_checks_across_path_and_body_holds() -> None:
    body = b'{"lines": [{"sku": "mug", "quantity": 1}]}'

    faults = refused(shop.ChangeOrder, body, order_id="ord_1", floor="0")

    assert faults == [("body", "", "value_error")]


def test_a_request_without_a_body_ignores_none() -> None:
    assert refused(shop.GetMe, b'{"user_id": "usr_2"}') == [("body", "/user_id", "extra_forbidden")]
    with pytest.raises(MalformedRequest):
        read(shop.GetOrder, b"zzz", order_id="ord_1")
    assert read(shop.GetMe, b"{}") == shop.GetMe()


def test_bytes_travel_as_text() -> None:
    wire = shop.Everything.__operation__.wire

    assert read(shop.Everything, '{"raw": "grün"}'.encode()).raw == "grün".encode()
    with pytest.raises(ValueError, match="utf-8"):
        wire.write(shop.Everything(raw=b"\xff"))


def test_each_field_is_validated_once_also_beside_a_path() -> None:
    shared = page(
        """
from pydantic import AfterValidator, Base64Bytes, field_validator
class Upload(Request[Anyone, None], http="PUT /files/{number}"):
    number: Annotated[int, AfterValidator(lambda number: number + 1)]
    content: Base64Bytes
    note: str = "none"
    @field_validator("note")
    @classmethod
    def _quoted(cls, note: str) -> str:
        return f"<{note}>"
    @model_validator(mode="before")
    @classmethod
    def _seen(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "note": data.get("note", "unset")}
"""
    )

    got = read(shared.Upload, b'{"content": "aGk=", "note": "x"}', number="1")

    assert (got.number, got.content, got.note) == (2, b"hi", "<x>")
