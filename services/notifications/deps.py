"""What the notifications service works with, and how it is made from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.users import v1 as users
from libs.access import Access, ServiceKeys, ServiceTokens
from libs.access.keys import load_private
from libs.client import Peers, calls_at_once
from libs.config import load, peer_urls
from libs.db import Database
from libs.messaging import Messages
from libs.operations.envelope import Access as Identifies
from libs.operations.envelope import Nobody
from services.notifications.config import NotificationsSettings
from services.notifications.mailers import Mailer, mailer_for

NAME = "notifications"
# The neighbours that are asked or listened to.
PEERS = (users, orders, payments)


@dataclass(frozen=True, slots=True)
class Deps:
    """It asks users and orders, and a mail provider."""

    messages: Messages
    peers: Peers
    mailer: Mailer
    access: Identifies = field(default_factory=Nobody)


def from_environment() -> Deps:
    """Raises ConfigurationError or ValueError naming the variable that is wrong."""
    settings = load(NotificationsSettings)
    database = Database(settings.database_url.get_secret_value(), service=NAME)
    tokens = ServiceTokens(NAME, load_private(settings.service_key_file))
    return Deps(
        messages=Messages(NAME, database, settings.queue_url.get_secret_value()),
        peers=Peers(NAME, PEERS, peer_urls(), tokens, at_once=calls_at_once(settings.web_threads)),
        mailer=mailer_for(NAME, settings),
        access=Access(NAME, None, ServiceKeys(settings.service_keys_dir)),
    )
