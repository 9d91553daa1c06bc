"""Input that somebody made to do harm gets a refusal: soon, and without an echo."""

from __future__ import annotations

import json
import time

import pytest

from contracts.core import Problem
from contracts.core.chassis import InvalidRequest, MalformedRequest
from contracts.core.problems import adapter_of
from contracts.core.tests import shop

SECRET = "hunter2"


def refusal(
    body: bytes, kind: type[shop.Everything | shop.PlaceOrder] = shop.Everything
) -> Problem:
    """The problem that a body gets, which must be there within 100 ms and fit on the wire."""
    started = time.process_time()
    with pytest.raises((InvalidRequest, MalformedRequest)) as caught:
        kind.__operation__.wire.read({}, [], body)
    assert time.process_time() - started < 0.1
    written = adapter_of(type(caught.value)).dump_json(caught.value)
    assert len(written) < 10_000
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"free": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"a": ' * 100_000,
        b'{"tree": ' + b'{"name": "", "below": [' * 1000 + b"]}" * 1000 + b"}",
        b'{"free": {"a": ' + b"[" * 20 + b"]" * 20 + b"}}",
    ],
)
def test_deep_nesting_is_refused(body: bytes) -> None:
    refusal(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"number": NaN}',
        b'{"number": Infinity}',
        b'{"number": -Infinity}',
        b'{"number": 1e999}',
        b'{"amount": "NaN"}',
        b'{"amount": "Infinity"}',
        b'{"free": {"a": [NaN]}}',
        b'{"free": {"a": 1e999}}',
    ],
)
def test_numbers_are_finite(body: bytes) -> None:
    refusal(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"whole": 9223372036854775808}',
        b'{"whole": -9223372036854775809}',
        b'{"tree": {"name": "", "rank": 9223372036854775808}}',
        b'{"tree": {"name": "", "below": [{"name": "", "rank": 9223372036854775808}]}}',
        b'{"priced": {"what": 9223372036854775808, "cents": 1}}',
        b'{"counts": {"a": 9223372036854775808}}',
        b'{"numbered": {"9223372036854775808": ""}}',
        b'{"several": [9223372036854775808]}',
        b'{"pair": ["", 9223372036854775808]}',
        b'{"free": {"a": [9223372036854775808]}}',
        b'{"free": {"a": 1%s}}' % (b"0" * 4000),
        b'{"whole": 1%s}' % (b"0" * 900_000),
        b'{"number": 1%s}' % (b"0" * 900_000),
        b'{"amount": "1E+1000000"}',
        b'{"amount": "1E-1000000"}',
        b'{"amount": 1%s}' % (b"0" * 900_000),
    ],
)
def test_numbers_end_where_a_column_ends(body: bytes) -> None:
    refusal(body)


def test_the_largest_whole_number_is_one() -> None:
    wire = shop.Everything.__operation__.wire

    assert wire.read({}, [], b'{"whole": 9223372036854775807}') == shop.Everything(whole=2**63 - 1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "a\\u0000b"}',
        b'{"text": "a\0b"}',
        b'{"text": "\\\\\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"counts": {"a\\u0000": 1}}',
        b'{"free": {"a": [{"\\u0000": 1}]}}',
        b'{"free": {"a": "\\u0000"}}',
    ],
)
def test_no_text_holds_a_nul(body: bytes) -> None:
    assert isinstance(refusal(body), MalformedRequest)


def test_text_about_a_nul_is_text() -> None:
    read = shop.Everything.__operation__.wire.read({}, [], b'{"text": "\\\\u0000"}')

    assert read == shop.Everything(text="\\u0000")


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "\\ud800"}',
        b'{"text": "\\udc00\\ud800"}',
        b'{"free": {"\\ud800": 1}}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"text": "\xff"}',
    ],
)
def test_no_text_holds_half_a_character(body: bytes) -> None:
    assert isinstance(refusal(body), MalformedRequest)


def test_a_stranger_cannot_put_into_a_problem_what_cannot_be_written() -> None:
    with pytest.raises(InvalidRequest) as caught:
        shop.ListOrders.__operation__.wire.read({}, [("\ud800", "1"), ("a" * 100_000, "1")], b"")

    assert len(adapter_of(InvalidRequest).dump_json(caught.value)) < 1000


@pytest.mark.parametrize(
    "body",
    [
        b'{"several": [%s]}' % b",".join([b'"x"'] * 200_000),
        b"{%s}" % b",".join(b'"a%d": 1' % n for n in range(50_000)),
        b'{"%s": 1}' % (b"k" * 900_000),
        b'{"text": %s' % (b'"\\\\' * 300_000),
        b'{"text": "%s' % (b"\\\\" * 400_000) + b'\\u0000"}',
    ],
)
def test_a_million_faults_cost_no_more_than_one(body: bytes) -> None:
    refusal(body)


@pytest.mark.parametrize(
    "body",
    [
        '{"lines": [], "password": "hunter2"}',
        '{"lines": [], "password": {"hunter2": "hunter2"}}',
        '{"lines": [], "password": ["hunter2"]}',
        '{"lines": "hunter2", "status": "hunter2", "payment": {"kind": "card", "number": ["hunter2"]}}',
        '{"password": "hunter2',
        '{"password": "hunter2\\u0000"}',
        '{"lines": [{"sku": "hunter2hunter2hunter2hunter2hunter2hunter2hunter2", "quantity": "hunter2"}]}',
        '"hunter2"',
    ],
)
def test_a_refusal_does_not_repeat_what_was_sent(body: str) -> None:
    problem = refusal(body.encode(), shop.PlaceOrder)

    assert SECRET not in str(problem) + repr(problem) + json.dumps(problem.fields(), default=str)


def test_a_password_is_neither_in_a_repr_nor_in_a_bug_of_ours() -> None:
    placed = shop.PlaceOrder(
        lines=(shop.Line(sku=shop.Sku("mug"), quantity=1),), password="hunter2hunter2"
    )
    with pytest.raises(ValueError, match="password") as caught:
        shop.PlaceOrder(lines=(), password=SECRET)

    assert SECRET not in repr(placed) + str(placed)
    assert SECRET not in str(caught.value)
