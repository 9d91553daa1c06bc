"""What the storefront works with, and how it is made from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.catalog import v1 as catalog
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.users import v1 as users
from libs.access import Access, ServiceKeys, ServiceTokens, UserKeys
from libs.access.keys import load_private
from libs.client import Peers, calls_at_once, keys_from_users
from libs.config import load, peer_urls
from libs.keyvalue import KeyValue, Throttle
from libs.operations.envelope import Access as Identifies
from libs.operations.envelope import Nobody
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

    access: Identifies
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
    urls = peer_urls()
    return deps_of(
        Peers(NAME, PEERS, urls, tokens, at_once=calls_at_once(settings.web_threads)),
        cache,
        access=Access(
            NAME,
            UserKeys(keys_from_users(NAME, urls)),
            ServiceKeys(settings.service_keys_dir),
        ),
        public_url=settings.public_url,
        proxies=settings.proxies,
    )


def deps_of(
    peers: Peers,
    cache: KeyValue,
    *,
    access: Identifies | None = None,
    public_url: str | None = None,
    proxies: int = 0,
) -> Deps:
    """What there is between these neighbours and this Valkey. Pages are for people with a session;
    `access` is for services that ask what it was built from."""
    return Deps(
        access=access or Nobody(),
        peers=peers,
        shelf=Shelf(peers, cache),
        sessions=Sessions(cache),
        carts=Carts(cache),
        login_throttle=Throttle(cache, "shop-login", limit=LOGIN_TRIES, window_s=WINDOW_S),
        register_throttle=Throttle(cache, "shop-register", limit=REGISTER_TRIES, window_s=WINDOW_S),
        public_url=public_url,
        proxies=proxies,
    )
