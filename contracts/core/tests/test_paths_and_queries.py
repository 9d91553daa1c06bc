"""Paths and queries: text, read leniently; nothing in them is ignored either."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import UUID

import pytest

from contracts.core.chassis import InvalidRequest
from contracts.core.tests import shop
from contracts.core.tests.pages import page

FILES = shop.FindFile.__operation__.wire
ORDERS = shop.ListOrders.__operation__.wire


def find(name: str) -> shop.FindFile:
    return shop.FindFile(
        name=name,
        at=datetime(2026, 1, 31, 8, tzinfo=UTC),
        uuid=UUID(int=7),
        size=shop.Size.LARGE,
    )


def refused(
    path: dict[str, str] | None = None, query: list[tuple[str, str]] | None = None
) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        (FILES if path else ORDERS).read(path or {}, query or [], b"")
    return [(wrong.location, wrong.pointer, wrong.code) for wrong in caught.value.errors]


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("mug", "mug"),
        ("a/b", "a%2Fb"),
        ("../../etc", "..%2F..%2Fetc"),
        ("grün 50%", "gr%C3%BCn%2050%25"),
        ("?a=b&c#d;e", "%3Fa%3Db%26c%23d%3Be"),
        ("{uuid}", "%7Buuid%7D"),
        ("a\\b\r\n", "a%5Cb%0D%0A"),
        ("...", "..."),
    ],
)
def test_a_value_in_a_path_stays_one_segment(name: str, segment: str) -> None:
    sent = FILES.write(find(name))

    assert sent.path.split("/")[2:] == [
        segment,
        "2026-01-31T08%3A00%3A00Z",
        "00000000-0000-0000-0000-000000000007",
        "large",
    ]
    assert unquote(segment) == name == sent.values["name"]
    assert FILES.read(sent.values, [], b"") == find(name)


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_would_change_the_path_is_neither_sent_nor_read(name: str) -> None:
    with pytest.raises(ValueError, match=r"name is '\.*', which cannot stand in a path"):
        FILES.write(find(name))
    assert refused({**FILES.write(find("x")).values, "name": name}) == [("path", "/name", "empty")]


def test_a_value_that_does_not_fit_its_place_in_the_path_is_named() -> None:
    path = {"name": "x", "at": "soon", "uuid": "7", "size": "huge"}

    assert refused(path) == [
        ("path", "/at", "datetime_from_date_parsing"),
        ("path", "/uuid", "uuid_parsing"),
        ("path", "/size", "enum"),
    ]


def test_a_query_is_read_from_text() -> None:
    asked = ORDERS.read(
        {},
        [
            ("whole", "7"),
            ("yes", "true"),
            ("tags", "a"),
            ("tags", "b"),
            ("several", "3"),
            ("floor", "1"),
        ],
        b"",
    )

    assert asked == shop.ListOrders(
        whole=7, yes=True, tags=("a", "b"), several=frozenset({3}), floor=shop.Floor.FIRST
    )


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        (("colour", "red"), "extra_forbidden"),
        (("renamed", "by its name in Python"), "extra_forbidden"),
        (("whole", "seven"), "int_parsing"),
        (("whole", ""), "int_parsing"),
        (("whole", str(2**63)), "less_than_equal"),
        (("whole", "9" * 10_000), "int_parsing_size"),
        (("number", "nan"), "finite_number"),
        (("number", "inf"), "finite_number"),
        (("amount", "1E+1000000"), "decimal_max_digits"),
        (("amount", "NaN"), "finite_number"),
        (("size", "huge"), "enum"),
        (("status", "shipped"), "enum"),
        (("status", "unknown"), "enum"),
        (("sort", "random"), "literal_error"),
        (("text", "a\0b"), "nul"),
        (("text", "\ud800"), "nul"),
        (("tags", "ü\0"), "nul"),
        (("at", "9999-12-31T23:59:59-01:00"), "value_error"),
        (("at", "2026-01-31T08:00:00"), "timezone_aware"),
    ],
)
def test_a_wrong_parameter_is_named(pair: tuple[str, str], code: str) -> None:
    assert refused(query=[pair]) == [("query", f"/{pair[0]}", code)]


def test_a_parameter_comes_once_unless_it_is_a_list() -> None:
    assert refused(query=[("text", "a"), ("text", "b")]) == [("query", "/text", "repeated")]


def test_an_alias_is_the_name_in_the_query_and_in_its_faults() -> None:
    sent = ORDERS.write(shop.ListOrders(renamed="x"))

    assert sent.query == [("re-named", "x")]
    assert ORDERS.read({}, sent.query, b"") == shop.ListOrders(renamed="x")
    assert refused(query=[("re-named", "\0")]) == [("query", "/re-named", "nul")]


def test_an_old_name_is_still_read_where_the_field_says_so() -> None:
    found = page(
        """
class Find(Request[Anyone, Thing], http="GET /things"):
    colour: str = Field("", validation_alias=AliasChoices("colour", "color"), serialization_alias="colour")
"""
    )
    wire = found.Find.__operation__.wire

    old, new = (wire.read({}, [(name, "red")], b"") for name in ("color", "colour"))

    assert old == new == found.Find(colour="red")
    assert wire.write(new).query == [("colour", "red")]


def test_a_query_on_a_request_with_a_body_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        shop.Everything.__operation__.wire.read({}, [("text", "a")], b"{}")

    assert caught.value.errors[0].location == "query"


def test_what_was_not_set_is_not_in_the_query() -> None:
    assert ORDERS.write(shop.ListOrders()).query == []
    assert ORDERS.write(shop.ListOrders(whole=None, tags=())).query == []
    assert ORDERS.write(shop.ListOrders(yes=False, text="")).query == [
        ("text", ""),
        ("yes", "false"),
    ]
