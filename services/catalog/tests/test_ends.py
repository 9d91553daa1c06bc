"""How holds end: by what orders tells, and by a look when they have run out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from contracts.catalog import v1 as catalog
from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId, Sku
from libs.client import Api
from libs.messaging import Tx, Worker
from libs.operations.errors import Unavailable
from libs.testing import DeadNeighbour
from services.catalog.consumers import give_back, sell
from services.catalog.deps import Deps
from services.catalog.jobs import jobs, look_at_hold
from services.catalog.reservations import HoldIsGone, LookAtHold
from services.catalog.reservations import reserve as hold
from services.catalog.tests.conftest import ADA, MUG, Balance, World, an_order, reserve

ORDER = an_order(1)
CONFIRMED = orders.OrderConfirmed(order_id=ORDER, user_id=ADA)
CANCELLED = orders.OrderCancelled(
    order_id=ORDER, user_id=ADA, reason=orders.Reason.PAYMENT_DECLINED
)
LOOK = LookAtHold(order_id=ORDER).keyed(f"hold:{ORDER}:1")

HELD = Balance(on_hand=3, reserved=2, sold=0)
SOLD = Balance(on_hand=3, reserved=0, sold=2)
GIVEN_BACK = Balance(on_hand=5, reserved=0, sold=0)


@pytest.fixture
def held(buyer: Api, stocked: Callable[[Sku, int], None]) -> None:
    stocked(MUG, 5)
    buyer.send(reserve(ORDER, (MUG, 1), (MUG, 1)))


def deliver(deps: Deps, event: orders.OrderConfirmed | orders.OrderCancelled) -> None:
    """Hand the event to its consumer, as the worker does."""
    with deps.messages.database.transaction() as session:
        tx = Tx(session, event_id="event-1")
        if isinstance(event, orders.OrderConfirmed):
            sell(event, tx, deps)
        else:
            give_back(event, tx, deps)


def run_out(deps: Deps) -> None:
    """Let the time of every hold be over."""
    with deps.messages.database.transaction() as session:
        session.execute(text("UPDATE reservation SET expires_at = now() - interval '1 s'"))


def looks_noted(deps: Deps) -> list[tuple[str, int]]:
    """Each noted look by its key, with the seconds until it is due."""
    with deps.messages.database.transaction() as session:
        rows = session.execute(
            text(
                "SELECT key, round(extract(epoch FROM due_at - created_at))::int FROM job ORDER BY 1"
            )
        )
        return [(row[0], row[1]) for row in rows]


@pytest.mark.usefixtures("held")
def test_a_confirmed_order_is_sold_once_however_often_it_is_told(
    deps: Deps, balance: Callable[[Sku], Balance]
) -> None:
    for _ in range(2):
        deliver(deps, CONFIRMED)

    assert balance(MUG) == SOLD


@pytest.mark.usefixtures("held")
def test_a_cancelled_order_gives_its_units_back_once_however_often_it_is_told(
    deps: Deps, balance: Callable[[Sku], Balance]
) -> None:
    for _ in range(2):
        deliver(deps, CANCELLED)

    assert balance(MUG) == GIVEN_BACK


@pytest.mark.usefixtures("held")
def test_what_is_sold_cannot_be_released(
    deps: Deps, buyer: Api, balance: Callable[[Sku], Balance]
) -> None:
    deliver(deps, CONFIRMED)

    refused = buyer.attempt(catalog.ReleaseStock(order_id=ORDER))

    assert refused == catalog.ReservationEnded(order_id=ORDER)
    assert balance(MUG) == SOLD
    assert buyer.send(reserve(ORDER, (MUG, 2))).state is catalog.ReservationState.COMMITTED


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(("first", "second"), [(CONFIRMED, CANCELLED), (CANCELLED, CONFIRMED)])
def test_an_end_that_the_first_one_rules_out_is_parked_and_changes_nothing(
    deps: Deps,
    balance: Callable[[Sku], Balance],
    first: orders.OrderConfirmed | orders.OrderCancelled,
    second: orders.OrderConfirmed | orders.OrderCancelled,
) -> None:
    deliver(deps, first)
    before = balance(MUG)

    with pytest.raises(HoldIsGone, match=ORDER):
        deliver(deps, second)

    assert balance(MUG) == before


def test_an_order_that_is_confirmed_without_a_hold_is_parked(deps: Deps) -> None:
    with pytest.raises(HoldIsGone, match="not there"):
        deliver(deps, CONFIRMED)


@pytest.mark.usefixtures("held")
def test_a_look_is_noted_for_when_the_hold_runs_out(deps: Deps) -> None:
    assert looks_noted(deps) == [(f"hold:{ORDER}:1", 900)]


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("status", [None, orders.Status.CANCELLED])
def test_a_hold_lapses_when_its_order_is_not_there_or_cancelled(
    deps: Deps,
    world: World,
    balance: Callable[[Sku], Balance],
    status: orders.Status | None,
) -> None:
    if status is not None:
        world.orders[ORDER] = status

    run_out(deps)

    for _ in range(2):
        look_at_hold(LOOK, deps)

    assert balance(MUG) == GIVEN_BACK


@pytest.mark.usefixtures("held")
def test_a_hold_of_a_confirmed_order_waits_for_its_event(
    deps: Deps, world: World, balance: Callable[[Sku], Balance]
) -> None:
    world.orders[ORDER] = orders.Status.CONFIRMED

    run_out(deps)

    for _ in range(2):
        look_at_hold(LOOK, deps)

    assert balance(MUG) == HELD
    assert len(looks_noted(deps)) == 1


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("status", [orders.Status.PENDING, orders.Status.UNKNOWN])
def test_a_hold_of_a_pending_order_is_looked_at_again_once(
    deps: Deps,
    world: World,
    balance: Callable[[Sku], Balance],
    status: orders.Status,
) -> None:
    world.orders[ORDER] = status

    run_out(deps)

    for _ in range(2):
        look_at_hold(LOOK, deps)

    assert balance(MUG) == HELD
    assert looks_noted(deps) == [
        (f"hold:{ORDER}:1", 900),
        (f"hold:{ORDER}:2", 60),
    ]


@pytest.mark.usefixtures("held")
def test_with_orders_dead_a_hold_stays_and_the_look_waits(
    deps: Deps, balance: Callable[[Sku], Balance]
) -> None:
    run_out(deps)
    deps.peers.put("orders", DeadNeighbour("orders"))

    with pytest.raises(Unavailable):
        look_at_hold(LOOK, deps)

    assert balance(MUG) == HELD


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("event", [CONFIRMED, CANCELLED])
def test_orders_is_not_asked_about_a_hold_that_has_ended(
    deps: Deps, event: orders.OrderConfirmed | orders.OrderCancelled
) -> None:
    deliver(deps, event)
    deps.peers.put("orders", DeadNeighbour("orders"))

    look_at_hold(LOOK, deps)

    assert len(looks_noted(deps)) == 1


@pytest.mark.usefixtures("held")
def test_a_hold_that_is_not_over_is_left_alone(
    deps: Deps, balance: Callable[[Sku], Balance]
) -> None:
    deps.peers.put("orders", DeadNeighbour("orders"))

    look_at_hold(LOOK, deps)

    assert balance(MUG) == HELD
    assert looks_noted(deps) == [(f"hold:{ORDER}:1", 900), (f"hold:{ORDER}:2", 900)]


@pytest.mark.usefixtures("held")
def test_who_repeats_a_hold_that_has_run_out_gets_time_again(
    deps: Deps, buyer: Api, balance: Callable[[Sku], Balance]
) -> None:
    run_out(deps)

    again = buyer.send(reserve(ORDER, (MUG, 2)))
    look_at_hold(LOOK, deps)

    assert again.expires_at > datetime.now(UTC) + timedelta(minutes=14)
    assert balance(MUG) == HELD


@pytest.mark.usefixtures("held")
def test_a_hold_that_is_repeated_while_orders_is_asked_does_not_lapse(
    deps: Deps, world: World, buyer: Api, balance: Callable[[Sku], Balance]
) -> None:
    run_out(deps)
    world.meanwhile = lambda: buyer.send(reserve(ORDER, (MUG, 2)))

    look_at_hold(LOOK, deps)

    assert balance(MUG) == HELD
    assert len(looks_noted(deps)) == 2


def test_a_look_at_nothing_does_nothing(deps: Deps) -> None:
    look_at_hold(LookAtHold(order_id=OrderId("ord_" + "9" * 26)).keyed("k"), deps)

    assert looks_noted(deps) == []


def test_how_long_stock_is_held_is_configuration(
    deps: Deps, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 5)

    hold(replace(deps, hold=timedelta(seconds=30)), ORDER, [catalog.Line(sku=MUG, quantity=1)])

    assert looks_noted(deps) == [(f"hold:{ORDER}:1", 30)]


def test_the_worker_ends_a_hold_that_has_run_out(
    deps: Deps,
    stocked: Callable[[Sku, int], None],
    balance: Callable[[Sku], Balance],
) -> None:
    stocked(MUG, 5)
    short = replace(deps, hold=timedelta(seconds=1))
    hold(short, ORDER, [catalog.Line(sku=MUG, quantity=2)])
    before = balance(MUG)

    worker = Worker(short.messages, short, jobs=jobs)
    worker.start()
    try:
        ends = time.monotonic() + 20
        while balance(MUG) == before and time.monotonic() < ends:
            time.sleep(0.1)
    finally:
        worker.stop(5)

    assert before == HELD
    assert balance(MUG) == GIVEN_BACK
