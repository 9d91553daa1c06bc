"""A fake remembers: what one request made, the next one finds."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from contracts.catalog import v1 as catalog
from contracts.orders import v1 as orders
from contracts.users import v1 as users
from tools.fake.application import create_app
from tools.fake.fake import SEEDED, Fake
from tools.fake.things import Things

UNKNOWN = "ord_" + "0" * 26
WISH = {
    "lines": [
        {"sku": "mug-harbour-blue", "quantity": 2},
        {"sku": "bowl-cereal-daily", "quantity": 1},
    ],
    "payment_method": "pm_card_visa",
}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(clock: Clock) -> FlaskClient:
    """The orders service's fake."""
    fake = Fake([orders], settle_s=2, things=Things(clock))
    return create_app("orders", [orders], fake).test_client()


def client(page: Any) -> FlaskClient:
    return create_app("fake", [page], Fake([page])).test_client()


def place(shop: FlaskClient, key: str = "first", **headers: str) -> TestResponse:
    return shop.post("/api/v1/orders", json=WISH, headers={"Idempotency-Key": key, **headers})


def read(answer: TestResponse) -> Any:
    return answer.json


def test_what_was_made_is_found_by_its_id_and_listed_first(shop: FlaskClient) -> None:
    placed = read(place(shop))

    found = read(shop.get(f"/api/v1/orders/{placed['order_id']}"))
    listed = read(shop.get("/api/v1/orders"))["items"]

    assert found == placed
    assert listed[0] == placed
    assert len(listed) == SEEDED + 1


def test_it_holds_what_was_asked_for_and_adds_up(shop: FlaskClient) -> None:
    placed = read(place(shop))

    lines = [{name: line[name] for name in ("sku", "quantity")} for line in placed["lines"]]
    costs = [line["quantity"] * line["unit_price"]["cents"] for line in placed["lines"]]
    assert lines == WISH["lines"]
    assert placed["total"]["cents"] == sum(costs)


def test_an_order_that_is_placed_is_pending_and_confirmed_a_moment_later(
    shop: FlaskClient, clock: Clock
) -> None:
    placed = read(place(shop))
    path = f"/api/v1/orders/{placed['order_id']}"

    before = read(shop.get(path))["status"]
    clock.now += 2
    after = read(shop.get(path))["status"]

    assert (placed["status"], before, after) == ("pending", "pending", "confirmed")


def test_a_cancellation_cancels_what_is_pending_and_nothing_else(
    shop: FlaskClient, clock: Clock
) -> None:
    early, late = (read(place(shop, key))["order_id"] for key in ("one", "two"))

    cancelled = [shop.post(f"/api/v1/orders/{early}/cancellation") for _ in range(2)]
    clock.now += 2
    refused = shop.post(f"/api/v1/orders/{late}/cancellation")

    assert [read(each)["status"] for each in cancelled] == ["cancelled", "cancelled"]
    assert read(cancelled[0])["reason"] == "by_customer"
    assert (refused.status_code, read(refused)["order_id"]) == (409, late)
    assert read(shop.get(f"/api/v1/orders/{early}"))["status"] == "cancelled"


def test_an_unknown_id_is_the_problem_that_the_contract_declares(shop: FlaskClient) -> None:
    answer = shop.get(f"/api/v1/orders/{UNKNOWN}")

    assert answer.status_code == 404
    assert read(answer)["type"] == "/problems/orders/no-such-order"
    assert read(answer)["order_id"] == UNKNOWN


def test_a_wrong_request_is_refused_as_the_service_itself_does(shop: FlaskClient) -> None:
    wish = {**WISH, "lines": []}

    answer = shop.post("/api/v1/orders", json=wish, headers={"Idempotency-Key": "first"})
    keyless = shop.post("/api/v1/orders", json=WISH)

    assert (answer.status_code, keyless.status_code) == (422, 400)
    assert read(answer)["errors"][0]["pointer"] == "/lines"


def test_a_key_that_comes_again_gets_the_first_answer(shop: FlaskClient) -> None:
    first, again = place(shop), place(shop)

    assert first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"


def test_two_fakes_of_one_seed_say_the_same_and_of_another_something_else() -> None:
    def listed(seed: str) -> Any:
        app = create_app("orders", [orders], Fake([orders], seed=seed))
        return read(app.test_client().get("/api/v1/orders"))

    assert listed("1") == listed("1") != listed("2")


def test_pages_follow_one_another_and_a_strange_cursor_is_refused() -> None:
    shop = client(catalog)
    seen: list[str] = []
    cursor: str | None = ""

    while cursor is not None:
        page = read(shop.get(f"/api/v1/products?limit=2{cursor and f'&cursor={cursor}'}"))
        seen += [item["sku"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert len(seen) == len(set(seen)) == SEEDED
    assert (
        read(shop.get("/api/v1/products?cursor=strange"))["type"] == "/problems/catalog/bad-cursor"
    )


def test_words_and_fields_narrow_a_list() -> None:
    shop = client(catalog)

    found = read(shop.get("/api/v1/products?query=blue+mug"))["items"]
    nothing = read(shop.get("/api/v1/products?category=furniture"))["items"]

    assert "mug-harbour-blue" in [each["sku"] for each in found]
    assert nothing == []


def test_what_was_put_is_there_can_be_changed_and_is_gone_once_it_is_removed() -> None:
    shop = client(catalog)
    path = f"/api/v1/reservations/{UNKNOWN}"

    held = shop.put(path, json={"lines": [{"sku": "mug", "quantity": 3}]})
    found = shop.get(path)
    gone = shop.delete(path)

    assert read(held)["lines"][0]["quantity"] == 3
    assert read(found) == read(held)
    assert (gone.status_code, shop.get(path).status_code) == (204, 404)


def test_units_that_come_in_are_counted_and_more_than_there_are_cannot_go() -> None:
    shop = client(catalog)
    before = read(shop.get("/api/v1/products/mug-harbour-blue"))["units_left"]
    path = "/api/v1/products/mug-harbour-blue/stock"

    more = shop.post(path, json={"units": 7}, headers={"Idempotency-Key": "in"})
    fewer = shop.post(path, json={"units": -before - 8}, headers={"Idempotency-Key": "out"})

    assert read(more)["units_left"] == before + 7
    assert read(fewer)["type"] == "/problems/catalog/stock-too-low"
    assert read(fewer)["units_left"] == before + 7


def test_who_registers_and_logs_in_is_the_same_in_every_fake(shop: FlaskClient) -> None:
    people = client(users)
    me = {"email": "bob@example.com", "password": "correct horse"}

    account = read(people.post("/api/v1/users", json={**me, "name": "Bob"}))
    session = read(people.post("/api/v1/sessions", json=me))
    token = {"Authorization": f"Bearer {session['access_token']}"}

    assert account["name"] == "Bob"
    assert session["user_id"] == account["user_id"]
    assert read(people.get("/api/v1/users/me", headers=token)) == account
    assert read(people.get("/api/v1/users/me/overview", headers=token))["account"] == account
    assert read(place(shop, **token))["user_id"] == account["user_id"]


def test_its_feed_tells_what_happened_in_order(shop: FlaskClient, clock: Clock) -> None:
    order_id = read(place(shop))["order_id"]
    clock.now += 2
    shop.get("/api/v1/orders")

    feed = read(shop.get("/feed"))
    later = read(shop.get(f"/feed?after={feed['next_cursor']}"))
    confirmed = read(shop.get("/feed?type=orders.order_confirmed.v1"))

    assert [each["type"] for each in feed["items"]] == [
        "orders.order_placed.v1",
        "orders.order_confirmed.v1",
    ]
    assert {each["subject"] for each in feed["items"]} == {order_id}
    assert later["items"] == []
    assert len(confirmed["items"]) == 1


def test_a_page_of_any_origin_may_ask(shop: FlaskClient) -> None:
    asked = shop.options(
        "/api/v1/orders",
        headers={"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"},
    )
    answer = shop.get("/api/v1/orders")

    assert asked.status_code == 204
    assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
