"""Work outside transactions; the table of jobs is at the end."""

from __future__ import annotations

from typing import assert_never

from contracts.catalog import v1 as catalog
from contracts.orders import v1 as orders
from libs.telemetry.logs import get_logger
from services.catalog import reservations
from services.catalog.deps import Deps
from services.catalog.reservations import LookAtHold

log = get_logger(__name__)


def look_at_hold(job: LookAtHold, deps: Deps) -> None:
    """A hold that has run out ends when its order does not stand. Stock is never given back by our
    clock alone: a confirmed order that we have not heard of yet would be sold twice."""
    held = reservations.find(deps, job.order_id)
    if not isinstance(held, catalog.Reservation) or held.state is not catalog.ReservationState.HELD:
        return
    # With orders down, the hold stays and the job waits.
    answer = deps.peers.attempt(orders.GetOrder(order_id=job.order_id))
    match answer:
        case orders.NoSuchOrder() | orders.Order(status=orders.Status.CANCELLED):
            with deps.messages.transaction() as tx:
                ended = reservations.release(tx, job.order_id)
            log.info("hold lapsed", order_id=job.order_id, state=ended.value)
        case orders.Order(status=orders.Status.CONFIRMED):
            log.info("hold of a confirmed order", order_id=job.order_id)  # its event sells it
        case orders.Order():
            with deps.messages.transaction() as tx:
                again = LookAtHold(order_id=job.order_id, times=job.times + 1)
                reservations.look_later(tx, again, deps)
        case never:
            assert_never(never)


jobs = (LookAtHold.handled_by(look_at_hold),)
