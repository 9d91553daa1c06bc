"""A connection to Valkey for those who can do without it."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE_S = 0.5  # longer, and the news is old


def connect(url: str, *, patience_s: float = PATIENCE_S) -> redis.Redis:
    """A client that gives up soon and tries nothing twice."""
    return redis.Redis.from_url(
        url,
        socket_timeout=patience_s,
        socket_connect_timeout=min(patience_s, PATIENCE_S),
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
    )
