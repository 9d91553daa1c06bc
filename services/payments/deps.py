"""What the payments service works with, and how it is made from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.orders import v1 as orders
from libs.access import Access, ServiceKeys, ServiceTokens, UserKeys
from libs.access.keys import load_private
from libs.client import Peers, calls_at_once, keys_from_users
from libs.config import load, peer_urls
from libs.db import Database
from libs.messaging import Messages
from libs.operations.envelope import Access as Identifies
from services.payments.config import PaymentsSettings, split_secrets
from services.payments.providers import Provider, provider_for

NAME = "payments"
# The neighbours that are asked or listened to.
PEERS = (orders,)


@dataclass(frozen=True, slots=True)
class Deps:
    """It listens to orders, and asks a payment provider."""

    messages: Messages
    access: Identifies
    peers: Peers
    provider: Provider
    webhook_secrets: tuple[str, ...]


def from_environment() -> Deps:
    """Raises ConfigurationError or ValueError naming the variable that is wrong."""
    settings = load(PaymentsSettings)
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
        provider=provider_for(NAME, settings),
        webhook_secrets=split_secrets(settings.provider_webhook_secret),
    )
