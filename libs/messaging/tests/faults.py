"""Switches off, in this process, what keeps effects single and jobs from being lost.

For tests that prove that a guard is needed: they start a worker through a small program that calls
one of these first. Nothing in a service can reach them.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from libs.messaging import cursors, sweeper
from libs.messaging.cursors import Place
from libs.messaging.delivery import Delivery


def without_leases() -> None:
    """Each lease has ended when it is taken, as after a stall: two workers read one lane."""
    cursors.LEASE = timedelta(0)


def with_stalls(longest_s: float = 0.02) -> None:
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
