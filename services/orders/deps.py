"""What the orders service works with, and how it is made from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from contracts.catalog import v1 as catalog
from contracts.payments import v1 as payments
from libs.access import Access, ServiceKeys, ServiceTokens, UserKeys
from libs.access.keys import load_private
from libs.client import Peers, calls_at_once, keys_from_users
from libs.config import load, peer_urls
from libs.db import Database
from libs.messaging import Messages
from libs.operations.envelope import Access as Identifies
from services.orders.config import OrdersSettings

NAME = "orders"
# The neighbours that are asked or listened to.
PEERS = (catalog, payments)


@dataclass(frozen=True, slots=True)
class Deps:
    """It asks catalog and payments."""

    messages: Messages
    access: Identifies
    peers: Peers
    order_deadline: timedelta


def from_environment() -> Deps:
    """Raises ConfigurationError or ValueError naming the variable that is wrong."""
    settings = load(OrdersSettings)
    urls = peer_urls()
    database = Database(
        settings.database_url.get_secret_value(), service=NAME, pool_size=settings.web_threads
    )
    tokens = ServiceTokens(NAME, load_private(settings.service_key_file))
    return Deps(
        messages=Messages(NAME, database, settings.queue_url.get_secret_value()),
        access=Access(
            NAME,
            UserKeys(keys_from_users(NAME, urls)),
            ServiceKeys(settings.service_keys_dir),
        ),
        peers=Peers(NAME, PEERS, urls, tokens, at_once=calls_at_once(settings.web_threads)),
        order_deadline=timedelta(seconds=settings.order_deadline_s),
    )
