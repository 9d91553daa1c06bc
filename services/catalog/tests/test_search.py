"""What customers find, in which order, and page by page."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from contracts.catalog import v1 as catalog
from contracts.shared.ids import Sku
from libs.client import Api
from services.catalog import importing
from services.catalog.deps import Deps
from services.catalog.search import terms_of
from services.catalog.tests.conftest import MUG, a_product

DEMO = Path(__file__).parents[1] / "demo.jsonl"


@pytest.fixture
def demo(deps: Deps) -> importing.Report:
    """The demo catalogue."""
    with DEMO.open("rb") as lines:
        return importing.load(deps.messages.database, lines, "jsonl")


def found(anyone: Api, query: str) -> list[str]:
    """The numbers of what a query finds, the best match first."""
    return [item.sku for item in anyone.send(catalog.ListProducts(query=query)).items]


def all_pages(anyone: Api, **asked: object) -> list[str]:
    """The numbers on all pages of three."""
    numbers: list[str] = []
    cursor: str | None = None
    while True:
        request = {"limit": 3, **asked} | ({"cursor": cursor} if cursor else {})
        page = anyone.send(catalog.ListProducts.model_validate(request))
        numbers += [item.sku for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return numbers


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("teapot", {"teapot-cast-iron", "teapot-glass-clear"}),
        ("teapots", {"teapot-cast-iron", "teapot-glass-clear"}),
        ("cast iron teapot", {"teapot-cast-iron"}),
        ("teap", {"teapot-cast-iron", "teapot-glass-clear"}),
        ("Creme Brulee", {"gratin-dish-creme"}),
        ("crème brûlée", {"gratin-dish-creme"}),
        ("ceramics", {"dripper-ceramic", "pie-dish-fluted"}),
        ("cerami", {"dripper-ceramic", "pie-dish-fluted"}),
        ("notebook dotted", {"notebook-a5-dotted"}),
        ("a5 notebook", {"notebook-a5-dotted", "notebook-a5-lined"}),
        ("the knife for bread", {"knife-bread-24"}),
        ("mug-harbour-sand", {"mug-harbour-sand"}),
        ("0.5", {"pen-gel-five"}),
        ("bergamot", {"tea-earl-grey"}),
        ("blue mug", {"mug-harbour-blue"}),
    ],
)
def test_the_best_match_comes_first(anyone: Api, query: str, first: set[str]) -> None:
    assert set(found(anyone, query)[: len(first)]) == first


@pytest.mark.usefixtures("demo")
def test_a_word_of_the_name_counts_more_than_one_of_the_description(anyone: Api) -> None:
    numbers = found(anyone, "tea")

    assert set(numbers[:2]) == {"tea-earl-grey", "tea-mint-garden"}
    assert numbers.index("tea-mint-garden") < numbers.index("mug-harbour-blue")


@pytest.mark.usefixtures("demo")
def test_attributes_are_searched_by_their_values(anyone: Api) -> None:
    assert set(found(anyone, "walnut")) == {"grinder-hand"}
    assert "coffee-house-blend" in found(anyone, "ethiopia")
    assert found(anyone, "dishwasher") == []  # the name of an attribute


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("query", ["submarine", "teapot submarine", "???", "|", "' & !", "<->"])
def test_what_is_not_there_is_not_found(anyone: Api, query: str) -> None:
    assert found(anyone, query) == []


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("query", ["", "   "])
def test_an_empty_query_lists_everything(anyone: Api, query: str) -> None:
    assert len(all_pages(anyone, query=query, limit=50)) == 75


@pytest.mark.parametrize(
    "query",
    ["a:* | b", "'quoted'", "back\\slash", "%_", "((", "x" * 200, "日本 茶", "Ёлка", "🫖", "a/b_c"],
)
def test_no_query_is_an_error(anyone: Api, admin: Api, query: str) -> None:
    admin.send(a_product(MUG, query if query.strip("🫖") else "Pot", description=query))

    numbers = found(anyone, query)

    assert numbers == ([MUG] if terms_of(query) else [])


def test_a_word_is_found_right_after_it_was_written(anyone: Api, admin: Api) -> None:
    admin.send(a_product(MUG, "Plain"))
    assert found(anyone, "polka") == []

    admin.send(a_product(MUG, "Plain", attributes={"pattern": ["polka", "dots"]}))

    assert found(anyone, "polka") == [MUG]


@pytest.mark.usefixtures("demo")
def test_filters_narrow(anyone: Api, admin: Api) -> None:
    request = catalog.ListProducts(
        category="tableware", cheapest_cents=1_190, dearest_cents=1_450, limit=100
    )

    items = anyone.send(request).items
    sold_out = anyone.send(catalog.ListProducts(in_stock=False)).items
    in_stock = anyone.send(catalog.ListProducts(query="calendar", in_stock=True)).items

    assert {item.sku for item in items} == {
        "mug-harbour-blue",
        "mug-harbour-sand",
        "mug-enamel-camp",
        "bowl-cereal-daily",
    }
    assert [item.sku for item in sold_out] == ["calendar-wall-2027"]
    assert in_stock == ()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("query", [None, "steel", "a"])
def test_pages_together_are_the_whole_list(anyone: Api, query: str | None) -> None:
    whole = [item.sku for item in anyone.send(catalog.ListProducts(query=query, limit=100)).items]

    numbers = all_pages(anyone, query=query)

    assert numbers == whole
    assert len(set(numbers)) == len(numbers)


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("query", [None, "steel"])
def test_products_added_meanwhile_neither_repeat_nor_hide_others(
    anyone: Api, admin: Api, query: str | None
) -> None:
    before = all_pages(anyone, query=query)
    seen: list[str] = []
    cursor: str | None = None

    for n in range(100):
        page = anyone.send(catalog.ListProducts(query=query, limit=3, cursor=cursor))
        seen += [item.sku for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        for number in (f"a-new-{n}", f"n-new-{n}", f"z-new-{n}"):
            admin.send(a_product(Sku(number), "Steel thing", description="of steel"))

    old = [number for number in seen if "-new-" not in number]
    assert old == before
    assert len(set(seen)) == len(seen)


@pytest.mark.usefixtures("demo")
def test_a_cursor_belongs_to_its_query_and_filters(anyone: Api) -> None:
    cursor = anyone.send(catalog.ListProducts(query="steel", in_stock=True, limit=3)).next_cursor
    others = [
        catalog.ListProducts(query="wood", in_stock=True, cursor=cursor),
        catalog.ListProducts(query="steel", cursor=cursor),
        catalog.ListProducts(query="steel", in_stock=False, cursor=cursor),
        catalog.ListProducts(query="steel", in_stock=True, category="cookware", cursor=cursor),
        catalog.ListProducts(cursor=cursor),
    ]

    refused = [anyone.attempt(request) for request in others]
    longer = anyone.attempt(
        catalog.ListProducts(query="steel", in_stock=True, limit=50, cursor=cursor)
    )

    assert refused == [catalog.BadCursor()] * len(others)
    assert not isinstance(longer, catalog.BadCursor)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "é",
        "a" * 300,
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"0123456789abcdef 1 mug").decode(),
        base64.urlsafe_b64encode(b"0123456789abcdef 99999999999999999999 mug").decode(),
    ],
)
def test_a_made_up_cursor_leads_nowhere(anyone: Api, cursor: str) -> None:
    refused = anyone.attempt(catalog.ListProducts(cursor=cursor))

    assert refused == catalog.BadCursor()


def test_a_search_can_use_its_index(deps: Deps) -> None:
    with deps.messages.database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.execute(
            text("EXPLAIN SELECT sku FROM product WHERE words @@ (SELECT search_for(:terms))"),
            {"terms": ["blue", "mug"]},
        )
        said = "\n".join(plan.scalars())

    assert "product_words_index" in said


def test_the_list_is_one_page_of_items_and_a_cursor(
    app: Flask, admin: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 2)
    stocked(Sku("mug-red"), 0)

    answered = app.test_client().get("/api/v1/products?query=thing&limit=1")

    assert answered.status_code == 200
    assert answered.json is not None
    assert [item["units_left"] for item in answered.json["items"]] == [2]
    assert isinstance(answered.json["next_cursor"], str)


@pytest.mark.usefixtures("demo")
def test_of_named_products_those_that_exist_come_and_no_others(anyone: Api) -> None:
    named = tuple(Sku(sku) for sku in ("teapot-cast-iron", "no-such-thing", "broom-horsehair"))

    page = anyone.send(catalog.ListProducts(skus=named, limit=50))

    assert [item.sku for item in page.items] == ["broom-horsehair", "teapot-cast-iron"]


@pytest.mark.usefixtures("demo")
def test_a_cursor_of_some_named_products_leads_nowhere_among_others(anyone: Api) -> None:
    named = catalog.ListProducts(skus=(Sku("teapot-cast-iron"), Sku("broom-horsehair")), limit=1)
    cursor = anyone.send(named).next_cursor

    astray = anyone.attempt(catalog.ListProducts(cursor=cursor))

    assert astray == catalog.BadCursor()


def test_an_empty_catalog_has_no_categories(anyone: Api) -> None:
    assert anyone.send(catalog.ListCategories()).items == ()


@pytest.mark.usefixtures("demo")
def test_categories_come_by_name_with_how_many_products_they_have(anyone: Api) -> None:
    sizes = {size.category: size.products for size in anyone.send(catalog.ListCategories()).items}

    assert list(sizes) == sorted(sizes)
    assert (sizes["tableware"], sum(sizes.values())) == (12, 75)
