"""The worker of notifications with leases ignored, so that several race for every lane; with a row
in `tally` for each event handled; and with parts that can be switched off."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from contracts.core import Consumer
from contracts.users import v1 as users
from libs.messaging import Tx, Worker, cursors
from libs.messaging.sweeper import Sweeper
from services.notifications.consumers import welcome
from services.notifications.deps import Deps, from_environment
from services.notifications.jobs import jobs


def _welcome_and_tally(event: users.UserRegistered, tx: Tx, deps: Deps) -> None:
    welcome(event, tx, deps)
    tx.session.execute(text("INSERT INTO tally VALUES (:id)"), {"id": event.user_id})
    # Long enough for the other worker to come to the same event.
    tx.session.execute(text("SELECT pg_sleep(0.03)"))


consumers: tuple[Consumer[Tx, Deps], ...] = (users.UserRegistered.handled_by(_welcome_and_tally),)


def _everybody_leases(
    session: Session, owner: UUID, producers: list[str], lanes: int
) -> dict[tuple[str, int], int]:
    rows = session.execute(
        text("SELECT producer, lane, pos FROM cursor WHERE producer = ANY(:p)"), {"p": producers}
    )
    return {(row.producer, row.lane): row.pos for row in rows}


def _everybody_takes(session: Session, place: cursors.Place) -> int | None:
    pos: int | None = session.scalar(
        text("SELECT pos FROM cursor WHERE producer = :producer AND lane = :lane"),
        {"producer": place.producer, "lane": place.lane},
    )
    return pos


def _everybody_attempts(
    session: Session, place: cursors.Place, pos: int, event: int, *, counts: bool
) -> int:
    return 1


def _move_without_comparing(session: Session, place: cursors.Place, pos: int, to: int) -> None:
    session.execute(
        text("UPDATE cursor SET pos = :to WHERE producer = :producer AND lane = :lane"),
        {"to": to, "producer": place.producer, "lane": place.lane},
    )


def _sweep_nothing(sweeper: Sweeper) -> float:
    return 1.0


def worker(without: Sequence[str]) -> Worker:
    """A worker of notifications that races. Changes this process for good."""
    cursors.lease = _everybody_leases
    cursors.take = _everybody_takes
    cursors.attempt = _everybody_attempts
    if "compare-and-set" in without:
        cursors.move = _move_without_comparing
    if "sweeper" in without:
        setattr(Sweeper, "step", _sweep_nothing)  # noqa: B010  # behind mypy's back
    deps = from_environment()
    return Worker(deps.messages, deps, consumers=consumers, jobs=jobs, feed_of=deps.peers.feed_of)
