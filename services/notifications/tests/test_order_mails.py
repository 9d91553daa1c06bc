"""What a customer hears of their order: one mail for each final state, with what was ordered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from contracts.core import Event
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.shared.money import Money
from libs.messaging import Job, Tx
from libs.operations.errors import Unavailable
from libs.testing import DeadNeighbour
from services.notifications.consumers import consumers
from services.notifications.deps import Deps
from services.notifications.jobs import (
    MailCancelled,
    MailConfirmed,
    MailRefunded,
    jobs,
    mail_cancelled,
    mail_confirmed,
    mail_refunded,
)
from services.notifications.mailers import Mail
from services.notifications.tests.conftest import ADA, ORDER, World

ID, WHO = ORDER.order_id, ADA.user_id
REFUND = Money(cents=3849)


@dataclass(frozen=True)
class News:
    """A final state: the event that tells it, the job that it notes, and who does that."""

    event: Event
    job: Job
    handler: Callable[[Any, Deps], None]
    subject: str


CONFIRMED = News(
    orders.OrderConfirmed(order_id=ID, user_id=WHO),
    MailConfirmed(order_id=ID, user_id=WHO).keyed(f"confirmed:{ID}"),
    mail_confirmed,
    f"Your order is confirmed: {ID}",
)
CANCELLED = News(
    orders.OrderCancelled(order_id=ID, user_id=WHO, reason=orders.Reason.TOOK_TOO_LONG),
    MailCancelled(order_id=ID, user_id=WHO).keyed(f"cancelled:{ID}"),
    mail_cancelled,
    f"Your order is cancelled: {ID}",
)
REFUNDED = News(
    payments.PaymentRefunded(order_id=ID, user_id=WHO, amount=REFUND),
    MailRefunded(order_id=ID, user_id=WHO, amount=REFUND).keyed(f"refunded:{ID}"),
    mail_refunded,
    f"Your refund for order {ID}",
)
each_news = pytest.mark.parametrize(
    "news", [CONFIRMED, CANCELLED, REFUNDED], ids=lambda news: type(news.event).__name__
)


def deliver(deps: Deps, event: Event, event_id: str) -> None:
    """Hand an event to its consumer, as the worker does."""
    (handler,) = [row.handler for row in consumers if row.event is type(event)]
    with deps.messages.database.transaction() as session:
        handler(event, Tx(session, event_id=event_id), deps)


def noted(deps: Deps) -> list[tuple[str, str]]:
    with deps.messages.database.transaction() as session:
        return [(row.name, row.key) for row in session.execute(text("SELECT name, key FROM job"))]


def mail_of(world: World) -> Mail:
    ((_, mail),) = world.mails
    return mail


@each_news
def test_a_final_state_notes_one_mail_and_sends_none_yet(
    deps: Deps, world: World, news: News
) -> None:
    deliver(deps, news.event, "event-1")

    assert noted(deps) == [(news.job.__job__, news.job.key)]
    assert world.mails == []


@each_news
def test_neither_a_replay_nor_the_same_news_again_is_a_second_mail(deps: Deps, news: News) -> None:
    for event_id in ("event-1", "event-1", "event-2"):
        deliver(deps, news.event, event_id)

    assert len(noted(deps)) == 1


def test_each_final_state_of_an_order_has_a_mail_of_its_own(deps: Deps) -> None:
    for news in (CANCELLED, REFUNDED):
        deliver(deps, news.event, type(news.event).__name__)

    assert len(noted(deps)) == 2


@each_news
def test_the_mail_says_to_its_customer_what_was_ordered(
    deps: Deps, world: World, news: News
) -> None:
    news.handler(news.job, deps)

    mail = mail_of(world)
    assert (mail.to, mail.subject) == (ADA.email, news.subject)
    assert "Hello Ada <b>Lovelace</b>,\n\n" in mail.text
    assert "\n  3 x Mug <i>blue</i>, 12.50 EUR each\n  1 x Tea, 0.99 EUR each\n" in mail.text
    for content in (mail.text, mail.html):
        assert ORDER.order_id in content
        assert "38.49 EUR" in content
    assert "Mug &lt;i&gt;blue&lt;/i&gt;" in mail.html
    assert "<i>" not in mail.html


@each_news
def test_a_mail_reads_well_as_text(deps: Deps, world: World, news: News) -> None:
    news.handler(news.job, deps)

    text = mail_of(world).text
    assert "\n\n\n" not in text
    assert text.endswith("\n\nYour Concord shop\n")
    assert max(map(len, text.splitlines())) <= 80


@each_news
def test_a_mail_that_is_sent_twice_is_one_by_its_key(deps: Deps, world: World, news: News) -> None:
    news.handler(news.job, deps)
    news.handler(news.job, deps)

    assert [key for key, _ in world.mails] == [news.job.key] * 2
    assert len({mail for _, mail in world.mails}) == 1


@each_news
@pytest.mark.parametrize("dead", ["users", "orders"])
def test_with_a_neighbour_down_the_mail_waits(
    deps: Deps, world: World, news: News, dead: str
) -> None:
    deps.peers.put(dead, DeadNeighbour(dead))

    with pytest.raises(Unavailable):
        news.handler(news.job, deps)

    assert world.mails == []


@each_news
def test_with_the_mail_server_down_the_mail_waits(deps: Deps, world: World, news: News) -> None:
    world.mail_server_is_up = False

    with pytest.raises(Unavailable):
        news.handler(news.job, deps)


def test_payments_need_not_be_there_to_tell_of_a_refund(deps: Deps, world: World) -> None:
    deps.peers.put("payments", DeadNeighbour("payments"))

    REFUNDED.handler(REFUNDED.job, deps)

    assert "you get back 38.49 EUR" in mail_of(world).text


@each_news
def test_nobody_is_mailed_for_an_account_that_is_gone(deps: Deps, world: World, news: News) -> None:
    world.accounts.clear()

    news.handler(news.job, deps)

    assert world.mails == []


@each_news
def test_an_order_that_orders_does_not_know_is_for_somebody_to_look_at(
    deps: Deps, world: World, news: News
) -> None:
    world.placed.clear()

    with pytest.raises(orders.NoSuchOrder):
        news.handler(news.job, deps)


@pytest.mark.parametrize("reason", list(orders.Reason))
def test_a_cancelled_order_says_why(deps: Deps, world: World, reason: orders.Reason) -> None:
    status = orders.Status.CANCELLED
    world.placed[ORDER.order_id] = ORDER.model_copy(update={"status": status, "reason": reason})

    mail_cancelled(MailCancelled(order_id=ID, user_id=WHO).keyed("k"), deps)

    first = mail_of(world).text.split("is cancelled.\n")[1].split("\n")[0]
    assert first.endswith(".") and len(first) > 20
    declined = reason is orders.Reason.PAYMENT_DECLINED
    assert ("Nothing was charged" in mail_of(world).html) is declined
    assert ("everything back" in mail_of(world).html) is not declined


@pytest.mark.parametrize("detail", ["Your card was declined.", "Your card was declined"])
def test_a_declined_payment_says_what_the_bank_said(deps: Deps, world: World, detail: str) -> None:
    declined = {"reason": orders.Reason.PAYMENT_DECLINED, "detail": detail}
    world.placed[ORDER.order_id] = ORDER.model_copy(update=declined)

    mail_cancelled(MailCancelled(order_id=ID, user_id=WHO).keyed("k"), deps)

    assert "The payment was declined: Your card was declined.\n" in mail_of(world).text


def test_whatever_a_consumer_notes_has_somebody_who_does_it() -> None:
    noted_jobs = {type(news.job) for news in (CONFIRMED, CANCELLED, REFUNDED)}

    assert noted_jobs <= {row.job for row in jobs}
