"""What dispatch promises, whoever calls it."""

from __future__ import annotations

import json
import re
import time
from types import ModuleType
from typing import Annotated, Any

import pytest
from prometheus_client import REGISTRY
from pydantic import Field

from contracts.core import Admin, Anyone, Service, User, Value
from contracts.core.chassis import Unauthenticated
from libs.operations.context import current, holding_transaction, refuse_in_transaction
from libs.operations.dispatch import Dispatcher, _secrets, caller_for
from libs.operations.envelope import Access, Envelope, Identity, Nobody, Reply
from libs.operations.errors import Unavailable
from libs.testing import shop

ADA, ADMIN, ORDERS = User(shop.ADA), Admin(shop.ADA), Service("orders")


def serving(
    world: shop.World | None = None, access: Access | None = None, *, bugs_rise: bool = False
) -> Dispatcher[shop.World]:
    return Dispatcher(
        "shop",
        (shop.page,),
        shop.routes,
        world or shop.World(),
        access or Nobody(),
        bugs_rise=bugs_rise,
    )


def ask(served: Dispatcher[shop.World], envelope: Envelope = Envelope()) -> Reply:  # noqa: B008  # frozen
    return served.dispatch("Ask", {}, (), b'{"words": "hello"}', envelope)


def said(reply: Reply) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(reply.body)
    return read


def test_an_answer_goes_out_as_the_contract_declares_it() -> None:
    served = serving()

    accepted = served.dispatch("MakeThing", {}, (), b'{"sku": "a b"}', Envelope())

    assert said(ask(served)) == {"words": "hello"}
    assert accepted.status == 202
    assert dict(accepted.headers)["Location"] == "/api/v1/things/a%20b"


def test_a_deletion_answers_nothing() -> None:
    served = serving(access=Nobody(Identity(service=ORDERS)))

    reply = served.dispatch("DropThing", {"sku": "mug"}, (), b"", Envelope())

    assert reply == Reply(204, b"", ())


@pytest.mark.parametrize(("sku", "status"), [("none", 404), ("last", 409), ("held", 409)])
def test_a_declared_problem_is_answered_whether_returned_or_raised(sku: str, status: int) -> None:
    served = serving(access=Nobody(Identity(ADA)))

    reply = served.dispatch("ChangeThing", {"sku": sku}, (), b"{}", Envelope())

    assert (reply.status, said(reply)["status"]) == (status, status)
    assert re.fullmatch(r"[0-9a-f]{32}", said(reply)["trace_id"])
    assert dict(reply.headers)["Content-Type"] == "application/problem+json"
    assert dict(reply.headers).get("Retry-After") == ("7" if sku == "held" else None)


@pytest.mark.parametrize(
    "undeclared",
    [shop.undeclared(), shop.NoSuchThing(sku="x"), Unauthenticated(detail="who?")],
    ids=lambda problem: type(problem).__name__,
)
def test_an_undeclared_problem_is_a_bug(undeclared: Any) -> None:
    world = shop.World(answer=lambda _: undeclared)

    assert ask(serving(world)).status == 500
    with pytest.raises(type(undeclared)):
        ask(serving(world, bugs_rise=True))


def test_a_bug_is_500_and_says_nothing_of_itself() -> None:
    def fail(_: str) -> shop.Greeting:
        raise ValueError("connection postgresql://app:hunter2@db failed")

    reply = ask(serving(shop.World(answer=fail)))

    assert reply.status == 500
    assert said(reply).keys() == {"type", "title", "status", "trace_id"}


def test_what_the_contract_hides_is_named_for_the_log_to_leave_out() -> None:
    class Card(Value):
        number: Annotated[str, Field(repr=False)]
        name: str

    class Wallet(Value):
        cards: tuple[Card, ...]
        pin: Annotated[int, Field(repr=False)]

    wallet = Wallet(cards=(Card(number="4242 4242", name="Ada"),), pin=1234)
    envelope = Envelope(authorization="Bearer token-of-ada")

    assert _secrets(wallet, envelope) == ("4242 4242", "1234", "token-of-ada")
    assert _secrets(None, Envelope()) == ()


def test_an_answer_of_another_type_is_a_bug() -> None:
    world = shop.World(answer=lambda _: shop.a_thing("mug"))  # type: ignore[arg-type, return-value]  # the bug

    assert ask(serving(world)).status == 500


@pytest.mark.parametrize(
    ("wait_s", "header"),
    [(0.0, "1"), (2.1, "3"), (float("inf"), "3600"), (float("nan"), "1"), (-5.0, "1")],
)
def test_what_is_unavailable_is_503_with_a_time_to_come_back(wait_s: float, header: str) -> None:
    def fail(_: str) -> shop.Greeting:
        raise Unavailable("catalog", "it is down", retry_after_s=wait_s)

    reply = ask(serving(shop.World(answer=fail)))

    assert reply.status == 503
    assert dict(reply.headers)["Retry-After"] == header
    assert b"catalog" not in reply.body


def test_who_may_not_ask_learns_nothing_of_the_form() -> None:
    served = serving()

    reply = served.dispatch("ChangeThing", {"sku": ""}, (), b"[[[", Envelope())

    assert reply.status == 401
    assert dict(reply.headers)["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("request_class", "identity", "status"),
    [
        ("Greet", Identity(), 401),
        ("Greet", Identity(service=ORDERS), 403),
        ("Greet", Identity(ADA), 200),
        ("Greet", Identity(ADMIN), 200),
        ("Greet", Identity(ADA, ORDERS), 200),
        ("Count", Identity(), 401),
        ("Count", Identity(ADMIN), 403),
        ("Count", Identity(ADMIN, ORDERS), 200),
    ],
)
def test_the_caller_type_is_the_access_rule(
    request_class: str, identity: Identity, status: int
) -> None:
    reply = serving(access=Nobody(identity)).dispatch(request_class, {}, (), b"", Envelope())

    assert reply.status == status


def test_a_service_on_a_users_behalf_is_that_user() -> None:
    operation = shop.DropThing.__operation__

    assert caller_for(operation, Identity(ADA, ORDERS)) == ADA
    assert caller_for(operation, Identity(None, ORDERS)) == ORDERS
    assert caller_for(shop.GetThing.__operation__, Identity()) == Anyone()


def test_an_operation_without_a_handler_stops_the_boot_and_so_does_one_with_two() -> None:
    with pytest.raises(TypeError, match="shop: AskAsUser has no handler"):
        Dispatcher("shop", (shop.page,), shop.routes[:-1], shop.World(), Nobody())
    with pytest.raises(TypeError, match="shop: GetThing has two handlers"):
        Dispatcher("shop", (shop.page,), (*shop.routes, shop.routes[0]), shop.World(), Nobody())


def test_an_operation_of_another_service_is_not_found() -> None:
    served = Dispatcher("empty", (ModuleType("contracts.empty.v1"),), (), None, Nobody())

    assert served.dispatch("GetThing", {}, (), b"", Envelope()).status == 404


def test_the_handler_works_in_the_context_of_its_request() -> None:
    world = shop.World()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    envelope = Envelope(
        traceparent=f"00-{trace}-00f067aa0ba902b7-00", deadline_s=0.5, request_id="r-1"
    )

    ask(serving(world), envelope)

    (seen,) = world.seen
    assert (seen.trace.trace_id, seen.trace.flags, seen.request_id) == (trace, "00", "r-1")
    assert seen.trace.span_id != "00f067aa0ba902b7"
    assert seen.deadline is not None and 0 < seen.deadline - time.monotonic() <= 0.5
    assert current() is None


def test_a_caller_cannot_have_more_time_than_the_contract_gives() -> None:
    world = shop.World()

    ask(serving(world), Envelope(deadline_s=3600))

    assert (world.seen[0].remaining_s() or 0) <= shop.Ask.__operation__.deadline_s


def test_a_request_whose_time_is_over_is_not_begun() -> None:
    world = shop.World()

    reply = ask(serving(world), Envelope(deadline_s=0))

    assert (reply.status, world.seen) == (503, [])


def test_a_token_that_nobody_has_checked_is_not_passed_on() -> None:
    world = shop.World()
    envelope = Envelope(authorization="Bearer made-up")

    ask(serving(world), envelope)
    serving(world, Nobody(Identity(ADA))).dispatch("AskAsUser", {}, (), b"{}", envelope)

    assert [seen.user_token for seen in world.seen] == [None, "Bearer made-up"]


def test_text_that_is_no_unicode_does_not_break_a_problem() -> None:
    world = shop.World()
    served = serving(world)

    reply = served.dispatch("GetThing", {"sku": "none\ud800"}, (), b"", Envelope())

    assert reply.status == 422
    reply.body.decode()


def test_metrics_count_operations_by_status_and_nothing_else() -> None:
    served = serving()
    labels = {"service": "shop", "operation": "GetThing", "status": "200"}
    name = "concord_operation_duration_seconds_count"
    before = REGISTRY.get_sample_value(name, labels) or 0

    for number in range(5):
        served.dispatch("GetThing", {"sku": str(number)}, (), b"", Envelope())

    assert REGISTRY.get_sample_value(name, labels) == before + 5
    shown = [
        sample.labels.keys()
        for metric in REGISTRY.collect()
        if metric.name == "concord_operation_duration_seconds"
        for sample in metric.samples
    ]
    assert {frozenset(keys) - {"le"} for keys in shown} == {frozenset(labels)}


def test_nobody_is_asked_while_a_transaction_is_open() -> None:
    with holding_transaction(), pytest.raises(RuntimeError, match="while a transaction is open"):
        refuse_in_transaction("users was asked")

    refuse_in_transaction("users was asked")
