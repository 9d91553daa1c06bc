"""The neighbours of a service: which it may ask, where they are, and how it proves who it is."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType

from contracts.core import Operation, Page
from contracts.core.feed import CloudEvent, ReadFeed
from libs.access import ServiceTokens
from libs.client.api import Api, Neighbour
from libs.client.bulkhead import AT_ONCE
from libs.client.neighbours import HttpNeighbour


class Peers(Api):
    """Asks the neighbours that a service declares, and no others.

    `contracts` are those of the neighbours; `urls` has the address of each by name; `at_once` says
    how many requests may wait for the same one. Raises ValueError when one has no address.
    """

    def __init__(
        self,
        service: str,
        contracts: tuple[ModuleType, ...],
        urls: Mapping[str, str],
        tokens: ServiceTokens,
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        super().__init__()
        self._service = service
        self._tokens = tokens
        names = dict.fromkeys(contract.__name__.split(".")[1] for contract in contracts)
        missing = [name for name in names if not urls.get(name)]
        if missing:
            variables = ", ".join(f"PEER_{name.upper()}_URL" for name in missing)
            raise ValueError(f"{service} asks {', '.join(missing)}, so {variables} must be set")
        self._neighbours: dict[str, Neighbour] = {
            name: HttpNeighbour(service, name, urls[name], at_once=at_once) for name in names
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The neighbours that may be asked."""
        return tuple(self._neighbours)

    def put(self, name: str, neighbour: Neighbour) -> None:
        """Reach a declared neighbour in another way: in the same process, or a test's fake."""
        if name not in self._neighbours:
            raise LookupError(f"{name} is no neighbour of {self._service}; see its deps.py")
        self._neighbours[name] = neighbour

    def feed_of(self, name: str) -> FeedReader:
        """Reads the feed of one neighbour."""
        return FeedReader(self, name)

    def neighbour_of(self, operation: Operation) -> Neighbour:
        """The neighbour that serves the operation. Raises LookupError for one that deps.py does
        not list."""
        return self.named(operation.service)

    def named(self, name: str) -> Neighbour:
        """The neighbour of this name. Raises LookupError for one that deps.py does not list."""
        try:
            return self._neighbours[name]
        except KeyError:
            raise LookupError(
                f"{self._service} asks {name}, which its deps.py does not list among its peers"
            ) from None

    def get(self, name: str, path: str) -> bytes:
        """What a plain view of a neighbour over HTTP shows to anyone, such as the JWKS of users.
        Raises Unavailable when it does not; LookupError for a neighbour that deps.py does not
        list, or that is no HTTP neighbour."""
        neighbour = self.named(name)
        if not isinstance(neighbour, HttpNeighbour):
            raise LookupError(f"{name} runs in this process; take what you need from there")
        return neighbour.get(path)

    def service_token_for(self, operation: Operation) -> str:
        """A token that only the operation's service takes."""
        return self._tokens.token_for(operation.service)

    def token_for(self, name: str) -> str:
        """A token that only this neighbour takes."""
        return self._tokens.token_for(name)

    def check(self, package: str) -> None:
        """Raise LookupError when a module of `package` that is loaded uses the contract of a
        neighbour that deps.py does not list."""
        allowed = {self._service, "core", "shared", *self._neighbours}
        for module in [m for n, m in sys.modules.items() if n.startswith(package + ".")]:
            for value in list(vars(module).values()):
                name = (
                    value.__name__
                    if isinstance(value, ModuleType)
                    else getattr(value, "__module__", "")
                )
                parts = str(name).split(".")
                if parts[0] == "contracts" and len(parts) > 2 and parts[1] not in allowed:
                    raise LookupError(
                        f"{module.__name__} uses contracts.{parts[1]}, which deps.py does not list "
                        f"among the peers of {self._service}"
                    )


class FeedReader(Api):
    """The feed of one neighbour: every service serves the same ReadFeed, so the name decides."""

    def __init__(self, peers: Peers, name: str) -> None:
        super().__init__()
        self._peers = peers
        self._name = name

    def __call__(self, request: ReadFeed) -> Page[CloudEvent]:
        """The page of events. Raises Unavailable."""
        return self.send(request)

    def neighbour_of(self, operation: Operation) -> Neighbour:
        """The neighbour whose feed this is."""
        return self._peers.named(self._name)

    def service_token_for(self, operation: Operation) -> str:
        """A token for that neighbour."""
        return self._peers.token_for(self._name)
