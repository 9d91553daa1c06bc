"""AsyncAPI says which facts come in a feed, ordered by what, and who reads them."""

from __future__ import annotations

import sys
from typing import Any

from contracts.core import Event
from contracts.core.feed import CloudEvent
from contracts.shared.ids import OrderId
from libs.documents import asyncapi, events_of


class Packed(Event, name="tests.packed.v1", key="order_id"):
    """Once per order; in the warehouse."""

    order_id: OrderId


class Sent(Event, name="tests.sent.v1", key="order_id"):
    """The parcel is on its way."""

    order_id: OrderId


PAGE = sys.modules[__name__]


def test_the_events_of_a_contract_are_those_that_it_declares_itself() -> None:
    assert events_of([PAGE]) == (Packed, Sent)


def test_what_is_published_names_its_key_and_its_readers() -> None:
    document: dict[str, Any] = asyncapi("tests", [PAGE], readers={"tests.packed.v1": ["mail"]})

    packed = document["components"]["messages"]["Packed"]
    assert document["operations"]["publishPacked"]["action"] == "send"
    assert (packed["name"], packed["x-key"], packed["x-readers"]) == (
        "tests.packed.v1",
        "order_id",
        ["mail"],
    )
    assert packed["description"].endswith("Ordered by `order_id`. Read by mail.")


def test_what_is_read_is_in_the_feed_of_its_owner() -> None:
    document: dict[str, Any] = asyncapi("mail", [], receives=[Sent])

    (channel,) = document["channels"].values()
    assert document["operations"].keys() == {"readSent"}
    assert document["operations"]["readSent"]["action"] == "receive"
    assert channel["address"] == "/feed"


def test_an_example_is_an_envelope_whose_subject_is_the_key() -> None:
    document: dict[str, Any] = asyncapi("tests", [PAGE])

    example = document["components"]["messages"]["Sent"]["examples"][0]["payload"]

    read = CloudEvent.model_validate(example)
    assert (read.type, read.subject) == ("tests.sent.v1", example["data"]["order_id"])
    assert Sent.model_validate(read.data)
