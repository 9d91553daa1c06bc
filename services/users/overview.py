"""What a customer sees first: their account, and what orders says of them."""

from __future__ import annotations

from contracts.orders import v1 as orders
from contracts.shared.ids import UserId
from contracts.users import v1 as users
from libs.operations.context import at_most
from libs.operations.errors import Misunderstood, Unavailable
from libs.telemetry.logs import get_logger
from services.users import services
from services.users.deps import Deps

log = get_logger(__name__)

LATEST = 5
# Of the two seconds that the overview has; the account is the part that nobody does without.
PATIENCE_S = 1.2


def of(deps: Deps, user_id: UserId) -> users.Overview | users.NoSuchUser:
    """The account with the latest orders, or with word that they are missing."""
    account = services.account_of(deps, user_id)
    if isinstance(account, users.NoSuchUser):
        return account
    latest = _latest_orders(deps)
    missing = (users.Part.ORDERS,) if latest is None else ()
    return users.Overview(account=account, orders=latest, missing=missing)


def _latest_orders(deps: Deps) -> tuple[users.OrderSummary, ...] | None:
    """Asked on the user's behalf, with their token, so that orders shows what is theirs."""
    try:
        with at_most(PATIENCE_S):
            page = deps.peers.send(orders.ListOrders(limit=LATEST))
    except Unavailable as error:
        log.warning("overview_without_orders", why=str(error))
        return None
    except Misunderstood as bug:
        # Somebody's bug, or a release that is half rolled out: no reason to hide the account.
        log.error("overview_without_orders", why=str(bug))
        return None
    return tuple(
        users.OrderSummary(
            order_id=order.order_id,
            status=users.OrderStatus(order.status),
            total=order.total,
            placed_at=order.placed_at,
        )
        for order in page.items
    )
