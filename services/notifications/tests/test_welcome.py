"""The welcome: noted once for each registration, mailed under one key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from contracts.shared.ids import UserId
from contracts.users import v1 as users
from libs.messaging import Tx
from libs.operations.errors import Unavailable
from libs.testing import DeadNeighbour
from services.notifications.consumers import welcome
from services.notifications.deps import Deps
from services.notifications.jobs import SendWelcome, send_welcome
from services.notifications.tests.conftest import ADA, World

REGISTERED = users.UserRegistered(
    user_id=ADA.user_id, registered_at=datetime(2026, 11, 22, tzinfo=UTC)
)
JOB = SendWelcome(user_id=ADA.user_id).keyed("event-1:notifications.send_welcome")


def deliver(deps: Deps, event_id: str) -> None:
    """Hand the registration to the consumer, as the worker does for an event of this id."""
    with deps.messages.database.transaction() as session:
        welcome(REGISTERED, Tx(session, event_id=event_id), deps)


def jobs_noted(deps: Deps) -> list[str]:
    with deps.messages.database.transaction() as session:
        return list(session.execute(text("SELECT name FROM job")).scalars())


def test_a_registration_notes_one_welcome(deps: Deps, world: World) -> None:
    deliver(deps, "event-1")

    assert jobs_noted(deps) == ["notifications.send_welcome"]
    assert world.mails == []


def test_a_replayed_registration_notes_no_second_welcome(deps: Deps) -> None:
    deliver(deps, "event-1")
    deliver(deps, "event-1")

    assert jobs_noted(deps) == ["notifications.send_welcome"]


def test_the_welcome_goes_to_the_address_that_the_account_has(deps: Deps, world: World) -> None:
    send_welcome(JOB, deps)

    ((_, mail),) = world.mails
    assert mail.to == "ada@example.com"
    assert "Ada <b>Lovelace</b>" in mail.text
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in mail.html
    assert "<b>" not in mail.html


def test_a_welcome_that_runs_twice_is_one_mail_by_its_key(deps: Deps, world: World) -> None:
    send_welcome(JOB, deps)
    send_welcome(JOB, deps)

    assert len({key for key, _ in world.mails}) == 1


def test_with_users_down_the_welcome_waits(deps: Deps, world: World) -> None:
    deps.peers.put("users", DeadNeighbour("users"))

    with pytest.raises(Unavailable):
        send_welcome(JOB, deps)

    assert world.mails == []


def test_with_the_mail_server_down_the_welcome_waits(deps: Deps, world: World) -> None:
    world.mail_server_is_up = False

    with pytest.raises(Unavailable):
        send_welcome(JOB, deps)


def test_nobody_is_mailed_for_an_account_that_is_gone(deps: Deps, world: World) -> None:
    gone = SendWelcome(user_id=UserId("usr_" + "g" * 26)).keyed("event-2")

    send_welcome(gone, deps)

    assert world.mails == []
