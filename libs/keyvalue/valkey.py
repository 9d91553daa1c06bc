"""A connection to Valkey that gives up soon and says so in our own terms."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from typing_extensions import TypeVar

from libs.operations.errors import Unavailable

T = TypeVar("T")

# A request waits for this server; a throttle that is late is worse than none.
TIMEOUT_S = 0.25

# It is away, or full (it never evicts), or a copy that only reads.
_NOT_NOW = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
)


class KeyValue:
    """Commands to one Valkey, over a pool that is made after the fork."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._pid = 0
        self._client: redis.Redis | None = None

    def run(self, command: Callable[[redis.Redis], T]) -> T:
        """What the command gives. Raises Unavailable when Valkey does not answer in time."""
        client = self._client
        if client is None or self._pid != os.getpid():
            # Two threads at once make two; the one that is not kept is closed with its pool.
            client = self._client = self._connect()
            self._pid = os.getpid()
        try:
            return command(client)
        except _NOT_NOW as error:
            raise Unavailable("valkey", f"{type(error).__name__}: {error}") from error

    def _connect(self) -> redis.Redis:
        return redis.Redis.from_url(
            self._url,
            socket_timeout=self._timeout_s,
            socket_connect_timeout=self._timeout_s,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def ready(self) -> None:
        """Return when it answers; raise Unavailable otherwise."""
        self.run(lambda client: client.ping())


def as_int(value: Any) -> int:
    """A reply that is a number; redis-py types replies as awaitable or not."""
    return int(value)
