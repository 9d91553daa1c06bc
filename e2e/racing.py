"""The worker of notifications with leases ignored, so that several race for every lane; with a row
in `tally` for each event handled; and with parts that can be switched off."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from contracts.core import Consumer
from contracts.users import v1 as users
from libs.messaging import Tx, Worker
from libs.testing import switches
from services.notifications.consumers import welcome
from services.notifications.deps import Deps, from_environment
from services.notifications.jobs import jobs


def _welcome_and_tally(event: users.UserRegistered, tx: Tx, deps: Deps) -> None:
    welcome(event, tx, deps)
    tx.session.execute(text("INSERT INTO tally VALUES (:id)"), {"id": event.user_id})
    # Long enough for the other worker to come to the same event.
    tx.session.execute(text("SELECT pg_sleep(0.03)"))


consumers: tuple[Consumer[Tx, Deps], ...] = (users.UserRegistered.handled_by(_welcome_and_tally),)


def worker(without: Sequence[str]) -> Worker:
    """A worker of notifications that races. Changes this process for good."""
    switches.without_leases()
    if "compare-and-set" in without:
        switches.without_compare_and_set()
    if "sweeper" in without:
        switches.without_sweeper()
    deps = from_environment()
    return Worker(deps.messages, deps, consumers=consumers, jobs=jobs, feed_of=deps.peers.feed_of)
