"""Switches off, in this process, what keeps effects single and jobs from being lost.

For programs that prove that a guard is needed: they start a worker and call one of these first.
Nothing in a service can reach them.
"""

from __future__ import annotations

import random
import time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from libs.messaging import cursors, sweeper
from libs.messaging.cursors import Place
from libs.messaging.delivery import Delivery


def without_leases() -> None:
    """Everybody reads every lane, as two workers do when one stood still and its lease has ended."""

    def lease(
        session: Session, owner: UUID, producers: list[str], lanes: int
    ) -> dict[tuple[str, int], int]:
        rows = session.execute(
            text("SELECT producer, lane, pos FROM cursor WHERE producer = ANY(:producers)"),
            {"producers": producers},
        )
        return {(row.producer, row.lane): row.pos for row in rows}

    def take(session: Session, place: Place) -> int | None:
        return lease(session, place.owner, [place.producer], place.lanes)[
            place.producer, place.lane
        ]

    def attempt(session: Session, place: Place, pos: int, event: int, *, counts: bool) -> int:
        return 1

    cursors.lease, cursors.take, cursors.attempt = lease, take, attempt


def with_stalls(longest_s: float = 0.03) -> None:
    """The process stands still, now and then, between noting an attempt and making it."""
    handle: Any = Delivery._handle

    def slowly(self: Any, *arguments: Any) -> None:
        time.sleep(random.random() * longest_s)
        handle(self, *arguments)

    setattr(Delivery, "_handle", slowly)  # noqa: B010  # a fault that the types would refuse


def without_compare_and_set() -> None:
    """The cursor is set to where it should be, without a look at where it is."""

    def move(session: Session, place: Place, pos: int, to: int) -> None:
        session.execute(
            text("""UPDATE cursor SET pos = :to, attempting = NULL, attempts = 0
                    WHERE producer = :producer AND lane = :lane"""),
            {"to": to, "producer": place.producer, "lane": place.lane},
        )

    cursors.move = move


def without_sweeper() -> None:
    """Nobody sends jobs again."""
    setattr(sweeper.Sweeper, "step", lambda _: 1.0)  # noqa: B010  # a fault, as above
