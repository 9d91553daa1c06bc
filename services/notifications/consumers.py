"""Events in; the table of consumers is at the end."""

from __future__ import annotations

from contracts.users import v1 as users
from libs.messaging import Tx
from services.notifications.deps import Deps
from services.notifications.jobs import SendWelcome


def welcome(event: users.UserRegistered, tx: Tx, _: Deps) -> None:
    tx.later(SendWelcome(user_id=event.user_id))


consumers = (users.UserRegistered.handled_by(welcome),)
