"""Each type of the language has a JSON Schema, so that documents can be made of it."""

from __future__ import annotations

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from contracts.core import Accepted, Page, chassis
from contracts.core.feed import CloudEvent, ReadFeed
from contracts.core.problems import adapter_of
from contracts.core.tests import shop

MODELS = (
    shop.PlaceOrder,
    shop.Everything,
    shop.ChangeOrder,
    shop.FindFile,
    shop.ListOrders,
    shop.OrderPlaced,
    Page[shop.Order],
    Accepted[shop.GetOrder],
    ReadFeed,
    Page[CloudEvent],
)


def test_every_message_has_a_schema_in_both_directions() -> None:
    modes: tuple[JsonSchemaMode, ...] = ("validation", "serialization")

    _, document = models_json_schema([(model, mode) for model in MODELS for mode in modes])

    names = {name.partition("-")[0].partition("_")[0] for name in document["$defs"]}
    assert {"PlaceOrder", "Category", "Page", "Accepted", "State", "Priced", "CloudEvent"} <= names


def test_a_schema_says_what_the_language_promises() -> None:
    properties = TypeAdapter(shop.Everything).json_schema()
    of = properties["properties"]

    assert properties["$defs"]["State"]["enum"] == ["pending", "paid", "unknown"]
    assert (of["whole"]["minimum"], of["whole"]["maximum"]) == (-(2**63), 2**63 - 1)
    assert of["free"]["anyOf"][0]["type"] == "object"
    assert of["payment"]["anyOf"][0]["discriminator"]["propertyName"] == "kind"
    assert of["at"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert "re-named" in of


def test_every_problem_has_a_schema() -> None:
    problems = (shop.LineUnavailable, shop.NoSuchOrder, shop.Closed, chassis.InvalidRequest)
    inputs = [((p, "serialization"), "serialization", adapter_of(p).core_schema) for p in problems]

    schemas, _ = GenerateJsonSchema().generate_definitions(inputs)  # type: ignore[arg-type]  # any key will do

    assert len(schemas) == len(problems)
    assert adapter_of(shop.LineUnavailable).json_schema()["required"] == ["sku", "units_left"]
