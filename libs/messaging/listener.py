"""Hears the doorbells of a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import redis
from redis.client import PubSub

from libs.messaging.valkey import connect
from libs.operations.errors import Unavailable

_LISTEN_S = 0.5  # also what a stop may wait for


class Listener:
    """Hears rings; `step` is for a Loop. After a silence it tells everybody to look."""

    def __init__(self, url: str, listeners: Mapping[str, Callable[[bytes | None], None]]) -> None:
        self._client = connect(url)
        self._listeners = listeners
        self._pubsub: PubSub | None = None

    def step(self) -> float:
        """Wait for one ring, half a second at most. Raises Unavailable without Valkey."""
        try:
            if self._pubsub is None:
                pubsub: PubSub = self._client.pubsub(  # type: ignore[no-untyped-call]  # redis'
                    ignore_subscribe_messages=True
                )
                pubsub.subscribe(*self._listeners)
                self._pubsub = pubsub
                for tell in self._listeners.values():
                    tell(None)
            message = self._pubsub.get_message(timeout=_LISTEN_S)
        except redis.RedisError as error:
            self.close()
            raise Unavailable("valkey", str(error)) from error
        if message is not None:
            self._listeners[message["channel"].decode()](message["data"])
        return 0.0

    def close(self) -> None:
        """Give back the connection; the next step opens one."""
        if self._pubsub is not None:
            self._pubsub.close()
        self._pubsub = None
