"""Work outside transactions; the table of jobs is at the end."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from contracts.orders import v1 as orders
from libs.telemetry.logs import get_logger
from services.catalog import reservations
from services.catalog.deps import Deps
from services.catalog.reservations import LookAtHold

log = get_logger(__name__)


def look_at_hold(job: LookAtHold, deps: Deps) -> None:
    """A hold that has run out ends when its order does not stand. Stock is never given back by our
    clock alone: a confirmed order that we have not heard of yet would be sold twice."""
    with deps.messages.database.transaction() as session:
        hold = reservations.running(session, job.order_id)
    if hold is None:
        return
    if not hold.is_over:
        _look_again(job, deps, hold.left)
        return
    # With orders down, the hold stays and the job waits.
    answer = deps.peers.attempt(orders.GetOrder(order_id=job.order_id))
    match answer:
        case orders.NoSuchOrder() | orders.Order(status=orders.Status.CANCELLED):
            with deps.messages.transaction() as tx:
                lapsed = reservations.lapse(tx, job.order_id, hold.expires_at)
            if not lapsed:
                _look_again(job, deps, deps.look_again)
            log.info("hold looked at", order_id=job.order_id, lapsed=lapsed)
        case orders.Order(status=orders.Status.CONFIRMED):
            log.info("hold of a confirmed order", order_id=job.order_id)  # its event sells it
        case orders.Order():
            _look_again(job, deps, deps.look_again)
        case never:
            assert_never(never)


def _look_again(job: LookAtHold, deps: Deps, delay: timedelta) -> None:
    again = LookAtHold(order_id=job.order_id, times=job.times + 1)
    with deps.messages.transaction() as tx:
        reservations.look_later(tx, again, delay)


jobs = (LookAtHold.handled_by(look_at_hold),)
