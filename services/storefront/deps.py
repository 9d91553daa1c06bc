"""What the storefront works with, and how it is made from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.catalog import v1 as catalog
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.users import v1 as users
from libs.access import ServiceTokens
from libs.access.keys import load_private
from libs.client import Peers
from libs.config import load, peer_urls
from libs.keyvalue import KeyValue, Throttle
from services.storefront.carts import Carts
from services.storefront.config import StorefrontSettings
from services.storefront.sessions import Sessions
from services.storefront.shelf import Shelf

NAME = "storefront"
# The neighbours that are asked.
PEERS = (catalog, orders, payments, users)
# By whoever shares an address: an office, or somebody with a list of stolen passwords.
LOGIN_TRIES, REGISTER_TRIES, WINDOW_S = 30, 20, 300.0


@dataclass(frozen=True, slots=True)
class Deps:
    """It asks catalog, orders, payments and users, and keeps sessions and carts in Valkey."""

    peers: Peers
    shelf: Shelf
    sessions: Sessions
    carts: Carts
    login_throttle: Throttle
    register_throttle: Throttle
    public_url: str | None = None
    proxies: int = 0

    @property
    def is_secure(self) -> bool:
        """Whether customers come by https alone."""
        return self.public_url is not None and self.public_url.startswith("https://")


def from_environment() -> Deps:
    """Raises ConfigurationError or ValueError naming the variable that is wrong."""
    settings = load(StorefrontSettings)
    cache = KeyValue(settings.cache_url.get_secret_value())
    tokens = ServiceTokens(NAME, load_private(settings.service_key_file))
    return deps_of(
        Peers(NAME, PEERS, peer_urls(), tokens),
        cache,
        public_url=settings.public_url,
        proxies=settings.proxies,
    )


def deps_of(
    peers: Peers, cache: KeyValue, *, public_url: str | None = None, proxies: int = 0
) -> Deps:
    """What there is between these neighbours and this Valkey."""
    return Deps(
        peers=peers,
        shelf=Shelf(peers, cache),
        sessions=Sessions(cache),
        carts=Carts(cache),
        login_throttle=Throttle(cache, "shop-login", limit=LOGIN_TRIES, window_s=WINDOW_S),
        register_throttle=Throttle(cache, "shop-register", limit=REGISTER_TRIES, window_s=WINDOW_S),
        public_url=public_url,
        proxies=proxies,
    )
