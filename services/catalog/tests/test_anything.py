"""Whatever the contract lets in can be stored, searched and read again."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pydantic import JsonValue, ValidationError

from contracts.catalog import v1 as catalog
from contracts.core import JsonObject
from libs.client import Api
from services.catalog.tests.conftest import MUG

SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
text = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
scalars: some.SearchStrategy[JsonValue] = (
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**63 - 1)
    # Beyond, jsonb keeps the decimal digits, which are another whole number than the float's.
    | some.floats(-(2.0**53), 2.0**53)
    | text
)
values = some.recursive(
    scalars,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@SETTINGS
@given(name=text, description=text, attributes=some.dictionaries(text, values, max_size=5))
def test_a_product_comes_back_as_it_was_put(
    admin: Api, anyone: Api, name: str, description: str, attributes: JsonObject
) -> None:
    try:
        request = catalog.PutProduct(
            sku=MUG,
            name=name,
            description=description,
            category="things",
            price=catalog.Price(cents=1),
            attributes=attributes,
        )
    except ValidationError:
        return  # what the contract refuses is none of our business

    put = admin.send(request)

    assert put.attributes == request.attributes
    assert (put.name, put.description) == (request.name, request.description)
    assert anyone.send(catalog.GetProduct(sku=MUG)) == put
    anyone.send(catalog.ListProducts(query=name[:200]))


@SETTINGS
@given(query=text | some.text("ab:*|&!<->()'\\\" ", max_size=30), cursor=some.none() | text)
def test_no_search_is_a_bug(anyone: Api, query: str, cursor: str | None) -> None:
    answer = anyone.attempt(catalog.ListProducts(query=query, cursor=cursor))

    assert (answer == catalog.BadCursor()) is (cursor is not None)
