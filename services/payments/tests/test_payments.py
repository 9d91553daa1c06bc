"""Each order is paid once or not at all, whatever is repeated, late, or dies in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.payments import v1 as payments
from contracts.shared.money import Money
from libs.client import Api
from libs.operations.errors import Unavailable
from services.payments.jobs import KeyForgotten
from services.payments.tests.conftest import (
    ADA,
    CANCELLED,
    ORDER,
    PLACED,
    PRICE,
    VIEW,
    Died,
    Payments,
    World,
    captured_once,
    refunded_once,
)


def test_a_placed_order_is_captured_at_its_price(shop: Payments, world: World) -> None:
    shop.hear(PLACED)
    shop.do_jobs()

    ((reference, charge),) = world.moved.values()
    assert charge.amount == PRICE
    assert charge.payment_method == "pm_card_visa"
    assert shop.facts() == ["payment_captured"]
    assert shop.state() == "captured"
    assert reference


def test_a_replayed_order_is_captured_once(shop: Payments, world: World) -> None:
    for event_id in ("1", "1", "2"):
        shop.hear(PLACED, event_id=event_id)
    shop.do_jobs()
    shop.hear(PLACED, event_id="3")

    assert shop.jobs() == ["payments.capture"]
    assert captured_once(world)


def test_a_capture_that_runs_twice_is_one_capture_and_one_fact(
    shop: Payments, world: World
) -> None:
    shop.hear(PLACED)
    shop.do_capture()
    shop.do_capture()

    assert captured_once(world)
    assert len(world.asked) == 1
    assert shop.facts() == ["payment_captured"]


def test_a_declined_card_ends_the_payment_with_its_reason(
    shop: Payments, world: World, service: Api
) -> None:
    world.declines = "Your card was declined."
    shop.hear(PLACED)
    shop.do_capture()
    shop.do_capture()

    payment = service.send(VIEW)
    assert (payment.state, payment.detail) == (payments.State.DECLINED, "Your card was declined.")
    assert shop.facts() == ["payment_declined"]
    assert len(world.asked) == 1


def test_without_the_provider_a_payment_waits_and_is_asked_for_under_the_same_key(
    shop: Payments, world: World
) -> None:
    world.is_up = False
    shop.hear(PLACED)
    for _ in range(2):
        with pytest.raises(Unavailable):
            shop.do_capture()
    assert shop.state() == "requested"
    assert shop.facts() == []

    world.is_up = True
    shop.do_capture()

    assert set(world.asked) == {f"capture:{ORDER}"}
    assert shop.facts() == ["payment_captured"]


def test_a_death_after_the_capture_leads_to_no_second_one(shop: Payments, world: World) -> None:
    shop.hear(PLACED)
    world.dies_after = True
    with pytest.raises(Died):
        shop.do_capture()
    assert shop.state() == "requested"

    world.dies_after = False
    shop.do_capture()

    assert captured_once(world)
    assert world.asked == [f"capture:{ORDER}"] * 2
    assert shop.facts() == ["payment_captured"]


def test_a_cancelled_order_that_was_captured_is_refunded_once(shop: Payments, world: World) -> None:
    shop.hear(PLACED)
    shop.do_capture()
    for event_id in ("1", "1", "2"):
        shop.hear(CANCELLED, event_id=event_id)
    shop.do_refund()
    shop.do_refund()

    assert shop.jobs() == ["payments.capture", "payments.refund"]
    assert refunded_once(world)
    assert shop.facts() == ["payment_captured", "payment_refunded"]


def test_a_death_after_the_refund_leads_to_no_second_one(shop: Payments, world: World) -> None:
    shop.hear(PLACED)
    shop.do_capture()
    shop.hear(CANCELLED)
    world.dies_after = True
    with pytest.raises(Died):
        shop.do_refund()

    world.dies_after = False
    shop.do_refund()

    assert refunded_once(world)
    assert shop.facts() == ["payment_captured", "payment_refunded"]


def test_without_the_provider_a_refund_waits(shop: Payments, world: World) -> None:
    shop.hear(PLACED)
    shop.do_capture()
    shop.hear(CANCELLED)
    world.is_up = False
    with pytest.raises(Unavailable):
        shop.do_refund()
    assert shop.state() == "refunding"

    world.is_up = True
    shop.do_refund()

    assert refunded_once(world)


def test_an_order_cancelled_before_the_provider_was_asked_is_never_captured(
    shop: Payments, world: World
) -> None:
    shop.hear(PLACED)
    shop.hear(CANCELLED)
    shop.do_jobs()

    assert world.asked == []
    assert shop.state() == "abandoned"
    assert shop.facts() == []


def test_an_order_cancelled_while_the_provider_captures_is_refunded_once(
    shop: Payments, world: World
) -> None:
    shop.hear(PLACED)
    world.meanwhile = lambda: shop.hear(CANCELLED)
    shop.do_capture()
    world.meanwhile = lambda: None
    assert shop.state() == "refunding"
    shop.do_capture()
    shop.do_refund()

    assert refunded_once(world)
    assert shop.facts() == ["payment_refunded"]


def test_an_order_cancelled_after_a_death_during_the_capture_is_refunded_once(
    shop: Payments, world: World
) -> None:
    shop.hear(PLACED)
    world.dies_after = True
    with pytest.raises(Died):
        shop.do_capture()
    world.dies_after = False
    shop.hear(CANCELLED)
    assert shop.state() == "abandoned"

    shop.do_capture()
    shop.do_refund()

    assert refunded_once(world)
    assert shop.facts() == ["payment_refunded"]


def test_an_order_cancelled_while_its_card_is_declined_is_neither_paid_nor_declined(
    shop: Payments, world: World
) -> None:
    world.declines = "Your card was declined."
    world.meanwhile = lambda: shop.hear(CANCELLED)
    shop.hear(PLACED)
    shop.do_capture()

    assert shop.state() == "abandoned"
    assert shop.facts() == []
    assert world.moved == {}


def test_a_cancellation_changes_nothing_about_a_declined_payment(
    shop: Payments, world: World
) -> None:
    world.declines = "Your card was declined."
    shop.hear(PLACED)
    shop.do_capture()
    shop.hear(CANCELLED)

    assert shop.state() == "declined"
    assert shop.jobs() == ["payments.capture"]


def test_an_order_that_is_heard_of_after_its_cancellation_is_never_captured(
    shop: Payments, world: World, service: Api
) -> None:
    shop.hear(CANCELLED)
    unknown = service.attempt(VIEW)
    shop.hear(CANCELLED)
    shop.hear(PLACED)
    shop.hear(PLACED, event_id="2")
    shop.do_jobs()

    assert unknown == payments.NoSuchPayment(order_id=ORDER)
    assert service.send(VIEW).state == payments.State.ABANDONED
    assert (shop.jobs(), world.asked) == ([], [])


def test_an_order_that_costs_nothing_is_paid_without_the_provider(
    shop: Payments, world: World
) -> None:
    shop.hear(PLACED.model_copy(update={"total": Money(cents=0)}))
    shop.do_capture()
    shop.hear(CANCELLED)
    shop.do_refund()

    assert world.asked == []
    assert shop.facts() == ["payment_captured", "payment_refunded"]


def test_a_provider_that_has_forgotten_the_key_is_not_asked_again(
    shop: Payments, world: World
) -> None:
    shop.hear(PLACED)
    world.is_up = False
    with pytest.raises(Unavailable):
        shop.do_capture()
    yesterday = datetime.now(UTC) - timedelta(hours=24)
    shop.sql(f"UPDATE payment SET asked_at = '{yesterday.isoformat()}'")

    world.is_up = True
    with pytest.raises(KeyForgotten, match=f"capture:{ORDER}"):
        shop.do_capture()

    assert world.moved == {}


def test_a_service_reads_a_payment_and_hears_of_one_that_is_none(
    shop: Payments, service: Api
) -> None:
    unknown = service.attempt(VIEW)
    shop.hear(PLACED)
    payment = service.send(VIEW)

    assert unknown == payments.NoSuchPayment(order_id=ORDER)
    assert (payment.order_id, payment.user_id, payment.amount) == (ORDER, ADA, PRICE)
    assert (payment.state, payment.detail) == (payments.State.REQUESTED, None)
