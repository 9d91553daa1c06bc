"""OpenAPI says what the contract says, and nothing that nobody asked for."""

from __future__ import annotations

import json
from typing import Any

from libs.documents import openapi
from libs.testing import keyed, shop

SHOP: dict[str, Any] = openapi("shop", [shop.page])
BANK: dict[str, Any] = openapi("bank", [keyed.page])
CHANGE = SHOP["paths"]["/api/v1/things/{sku}"]["put"]


def test_every_refusal_of_one_status_stands_beside_the_others_with_an_example() -> None:
    refused = CHANGE["responses"]["409"]

    content = refused["content"]["application/problem+json"]
    assert refused["description"] == "Sold out; or: Reserved for somebody"
    assert content["examples"]["SoldOut"]["value"]["type"] == "/problems/shop/sold-out"
    assert content["examples"].keys() == {"SoldOut", "Reserved"}
    assert "Retry-After" in refused["headers"]


def test_who_takes_no_parameters_refuses_those_that_are_sent() -> None:
    asked = SHOP["paths"]["/api/v1/greeting"]["get"]

    assert not asked.get("parameters")
    assert {"400", "422"} <= asked["responses"].keys()


def test_a_problem_is_one_model_with_the_members_that_the_chassis_fills_in() -> None:
    sold_out = SHOP["components"]["schemas"]["SoldOut"]

    assert list(sold_out["properties"]) == [
        "type", "title", "status", "sku", "units_left", "trace_id",
    ]  # fmt: skip
    assert sold_out["required"] == ["type", "title", "status", "sku", "units_left"]
    assert sold_out["description"] == "Somebody else was faster."


def test_who_may_ask_is_said_in_words_and_for_programs() -> None:
    assert CHANGE["description"].endswith("For a user or an admin.")
    assert CHANGE["x-callers"] == ["user", "admin"]
    assert SHOP["components"]["securitySchemes"].keys() == {"user", "service"}


def test_what_a_repeat_does_and_how_long_it_may_take_is_said() -> None:
    pay = BANK["paths"]["/api/v1/accounts/{account}/payments"]["post"]

    assert (pay["x-repeat"], pay["x-deadline-s"]) == ("keyed", 2.0)
    assert pay["parameters"][0]["name"] == "Idempotency-Key"
    assert "Idempotency-Replayed" in pay["responses"]["201"]["headers"]


def test_a_request_cannot_hold_what_no_request_may() -> None:
    things = SHOP["components"]["schemas"]

    assert things["ByCard"]["additionalProperties"] is False
    assert "additionalProperties" not in things["Thing"]
    assert things["State"]["enum"] == ["unknown", "sold"]
    assert things["StateInput"]["enum"] == ["sold"]


def test_an_answer_says_that_its_defaults_are_there_too() -> None:
    assert SHOP["components"]["schemas"]["Money"]["required"] == ["cents", "currency"]


def test_a_parameter_that_may_be_left_out_is_never_null() -> None:
    listed = SHOP["paths"]["/api/v1/things"]["get"]

    assert "null" not in json.dumps(listed["parameters"])


def test_only_what_is_referred_to_is_described() -> None:
    text = json.dumps(SHOP)

    unused = [
        name
        for name in SHOP["components"]["schemas"]
        if f'"#/components/schemas/{name}"' not in text
    ]
    assert unused == []


def test_the_summary_is_the_first_sentence_and_the_description_the_whole() -> None:
    get = SHOP["paths"]["/api/v1/things/{sku}"]["get"]

    assert get["summary"] == "One thing"
    assert get["description"] == "One thing.\n\nFor anyone."
