"""Neighbours: the same claims over HTTP and in one process."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from types import ModuleType

import pytest

from contracts.core import Accepted, Anyone, Request
from libs.client import LocalNeighbour, Peers
from libs.client.tests.conftest import Street, context_of
from libs.operations.context import current, holding_transaction, within
from libs.operations.errors import DeadlineExceeded, Misunderstood, TokenEnded, Unavailable
from libs.testing import shop

MUGS = ModuleType("contracts.mugs.v1")


class GetMug(Request[Anyone, None], http="GET /mug"):
    """Of no service that anybody lists."""


def test_an_answer_comes_back_as_it_was_given(street: Street) -> None:
    peers = street.peers("orders", shop.World())

    things = peers.send(shop.ListThings(tag=("a", "b c", "ü&=%"), available=True))
    accepted = peers.send(shop.MakeThing(sku="mug"))
    dropped = peers.send(shop.DropThing(sku="mug"))

    assert [thing.sku for thing in things.items] == ["a", "b c", "ü&=%"]
    assert accepted == Accepted[shop.GetThing](then=shop.GetThing(sku="mug"))
    assert dropped is None


@pytest.mark.parametrize("sku", ["a b", "ü", "a%2Fb", "?&=#;+", "a\\b", "...", "%"])
def test_what_stands_in_a_path_arrives_whole(street: Street, sku: str) -> None:
    assert street.peers("orders", shop.World()).send(shop.GetThing(sku=sku)).sku == sku


def test_a_slash_in_a_path_finds_nothing(street: Street) -> None:
    with pytest.raises(Misunderstood):
        street.peers("orders", shop.World()).send(shop.GetThing(sku="a/b"))


def test_a_refusal_comes_back_as_a_value_or_is_raised(street: Street) -> None:
    peers = street.peers("orders", shop.World())

    with within(context_of(street)):
        refused = peers.attempt(shop.ChangeThing(sku="last"))
        held = peers.attempt(shop.ChangeThing(sku="held"))

    assert refused == shop.SoldOut(sku="last", units_left=0)
    assert held == shop.Reserved(retry_after_s=7)
    with pytest.raises(shop.NoSuchThing) as raised:
        peers.send(shop.GetThing(sku="none"))
    assert raised.value.sku == "none"


def test_a_refusal_that_the_contract_does_not_declare_is_misunderstood(street: Street) -> None:
    with pytest.raises(Misunderstood, match="403"):
        street.peers("orders", shop.World()).send(shop.Greet())


def test_a_bug_of_the_neighbour_is_that_it_is_unavailable(street: Street) -> None:
    def fail(_: str) -> shop.Greeting:
        raise ZeroDivisionError

    with pytest.raises(Unavailable, match="answered Ask with 500"):
        street.peers("orders", shop.World(answer=fail)).send(shop.Ask())


def test_the_time_at_which_a_neighbour_wants_to_be_asked_again_is_passed_on(
    street: Street,
) -> None:
    def busy(_: str) -> shop.Greeting:
        raise Unavailable("its own neighbour", "down", retry_after_s=41)

    with pytest.raises(Unavailable) as refused:
        street.peers("orders", shop.World(answer=busy)).send(shop.Ask())

    assert refused.value.retry_after_s == 41


def test_a_neighbour_that_is_late_has_not_answered(street: Street) -> None:
    def slow(words: str) -> shop.Greeting:
        time.sleep(0.3)
        return shop.Greeting(words=words)

    peers = street.peers("orders", shop.World(answer=slow))

    with within(context_of(street, left_s=0.2)):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            peers.send(shop.Ask())

    assert time.monotonic() - started < 0.4


def test_a_request_whose_time_is_over_asks_nobody(street: Street) -> None:
    world = shop.World()
    peers = street.peers("orders", world)

    with within(context_of(street, left_s=-1)), pytest.raises(DeadlineExceeded):
        peers.send(shop.Ask())

    assert world.seen == []


def test_nobody_is_asked_while_a_transaction_is_open(street: Street) -> None:
    peers = street.peers("orders", shop.World())

    with holding_transaction(), pytest.raises(RuntimeError, match="while a transaction is open"):
        peers.send(shop.Ask())


def test_deadline_trace_and_user_travel_through_two_hops(street: Street) -> None:
    last = shop.World()
    behind = street.peers("orders", last)
    first = shop.World(answer=lambda words: behind.send(shop.AskAsUser(words=words)))
    peers = street.peers("storefront", first)
    context = context_of(street, left_s=1.0)

    with within(context):
        answer = peers.send(shop.AskAsUser(words="hello"))

    assert answer == shop.Greeting(words="hello")
    for seen in (first.seen[0], last.seen[0]):
        assert seen.trace.trace_id == context.trace.trace_id
        assert seen.user_token == context.user_token
        assert seen.request_id == "r-7"
        assert seen.deadline is not None and context.deadline is not None
        assert context.deadline - 0.5 < seen.deadline < context.deadline + 0.05
    spans = {context.trace.span_id, first.seen[0].trace.span_id, last.seen[0].trace.span_id}
    assert len(spans) == 3
    assert current() is None


def test_a_user_is_asked_for_as_themselves_and_a_service_as_itself(street: Street) -> None:
    peers = street.peers("orders", shop.World())

    with within(context_of(street)):
        greeted = peers.send(shop.Greet())

    assert greeted.words == f"User {shop.ADA}"
    assert peers.send(shop.Count()).words == "orders"


def test_a_service_that_the_neighbour_does_not_know_is_refused(street: Street) -> None:
    peers = street.peers("orders", shop.World())
    (street.folder / "public" / "orders.pem").unlink()

    with pytest.raises(Misunderstood, match="401"):
        peers.send(shop.Count())


def test_a_users_token_that_ends_between_two_services_is_401_and_not_500(street: Street) -> None:
    far = street.peers("orders", shop.World())

    def ask_on(words: str) -> shop.Greeting:
        # The request was let in; by now its token is no longer good.
        context = current()
        assert context is not None
        with within(replace(context, user_token=street.ended())):
            return far.send(shop.AskAsUser(words=words))

    near = street.peers("notifications", shop.World(answer=ask_on))
    with within(context_of(street)), pytest.raises(TokenEnded):
        near.send(shop.AskAsUser(words="hello"))


def test_our_own_token_that_is_refused_is_not_the_users_fault(street: Street) -> None:
    peers = street.peers("orders", shop.World())
    (street.folder / "public" / "orders.pem").unlink()

    with within(context_of(street)), pytest.raises(Misunderstood, match="401") as refused:
        peers.send(shop.AskAsUser(words="hello"))

    assert not isinstance(refused.value, TokenEnded)


def test_a_neighbour_that_deps_py_does_not_list_is_not_asked(street: Street) -> None:
    peers = street.peers("orders", shop.World())

    with pytest.raises(LookupError, match=r"orders asks \S+, which its deps\.py does not list"):
        peers.send(GetMug())
    with pytest.raises(LookupError, match="mugs is no neighbour of orders"):
        peers.put("mugs", LocalNeighbour(None))  # type: ignore[arg-type]  # never asked


def test_a_neighbour_without_an_address_stops_the_boot(http_street: Street) -> None:
    tokens = http_street.peers("orders", shop.World())._tokens

    with pytest.raises(ValueError, match="PEER_SHOP_URL, PEER_MUGS_URL must be set"):
        Peers("orders", (shop.page, MUGS), {"shop": ""}, tokens)
    with pytest.raises(ValueError, match="is no address"):
        Peers("orders", (shop.page,), {"shop": "ftp://shop"}, tokens)


def test_a_contract_that_is_used_but_not_listed_stops_the_boot(
    http_street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = http_street.peers("orders", shop.World())
    module = ModuleType("services.orders.services")
    monkeypatch.setitem(sys.modules, "services.orders.services", module)
    vars(module).update(shop=shop.page, thing=shop.GetThing)
    peers.check("services.orders")

    vars(module)["GetMug"] = type("GetMug", (), {"__module__": MUGS.__name__})
    with pytest.raises(LookupError, match=r"services\.orders\.services uses contracts\.mugs"):
        peers.check("services.orders")

    vars(module)["GetMug"] = MUGS
    with pytest.raises(LookupError, match=r"uses contracts\.mugs"):
        peers.check("services.orders")
