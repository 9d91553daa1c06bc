"""Work outside transactions; the table of jobs is at the end."""

from __future__ import annotations

from contracts.shared.ids import OrderId
from libs.messaging import Job
from services.orders import services
from services.orders.deps import Deps


class CheckOrder(Job, name="orders.check_order"):
    """Look at an order when its deadline has passed, and end it if nothing else has."""

    order_id: OrderId


def check_order(job: CheckOrder, deps: Deps) -> None:
    services.reconcile(deps, job.order_id)


jobs = (CheckOrder.handled_by(check_order),)
