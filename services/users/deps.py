"""What the users service works with, and how it is made from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.orders import v1 as orders
from libs.access import Access, ServiceKeys, ServiceTokens, SigningKeys, UserTokens
from libs.access.keys import load_private
from libs.client import Peers, calls_at_once
from libs.config import load, peer_urls
from libs.db import Database
from libs.keyvalue import KeyValue, Throttle
from libs.messaging import Messages
from libs.operations.envelope import Access as Identifies
from services.users.config import UsersSettings
from services.users.passwords import Passwords

NAME = "users"
# The neighbours that are asked or listened to.
PEERS = (orders,)
LOGIN_TRIES, LOGIN_WINDOW_S = 10, 300.0


@dataclass(frozen=True, slots=True)
class Deps:
    """It asks orders."""

    messages: Messages
    access: Identifies
    peers: Peers
    passwords: Passwords
    login_throttle: Throttle
    signing_keys: SigningKeys
    tokens: UserTokens


def from_environment() -> Deps:
    """Raises ConfigurationError or ValueError naming the variable that is wrong."""
    settings = load(UsersSettings)
    signing_keys = SigningKeys(settings.user_keys_dir)
    database = Database(
        settings.database_url.get_secret_value(), service=NAME, pool_size=settings.web_threads
    )
    service_tokens = ServiceTokens(NAME, load_private(settings.service_key_file))
    cache = KeyValue(settings.cache_url.get_secret_value())
    return Deps(
        messages=Messages(NAME, database, settings.queue_url.get_secret_value()),
        access=Access(NAME, signing_keys, ServiceKeys(settings.service_keys_dir)),
        peers=Peers(
            NAME, PEERS, peer_urls(), service_tokens, at_once=calls_at_once(settings.web_threads)
        ),
        passwords=Passwords(),
        login_throttle=Throttle(cache, "login", limit=LOGIN_TRIES, window_s=LOGIN_WINDOW_S),
        signing_keys=signing_keys,
        tokens=UserTokens(signing_keys),
    )
