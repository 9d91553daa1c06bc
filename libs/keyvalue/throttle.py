"""How often something may be tried."""

from __future__ import annotations

import time
from collections.abc import Callable

from typing_extensions import TypeVar

from libs.keyvalue.tries import Tries
from libs.keyvalue.valkey import KeyValue, as_int
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from libs.telemetry.metrics import counter

log = get_logger(__name__)

T = TypeVar("T")

# INCR and the expiry in one step: a crash between the two would lock a name out for ever.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('PTTL', KEYS[1])}
"""
# After Valkey did not answer, nobody waits for it again for so long; then one does.
LEFT_ALONE_S = 2.0

_local = counter(
    "concord_throttle_local_total", "Tries that were counted without Valkey", ("what",)
)


class Throttle:
    """At most `limit` tries of one name in `window_s`, counted over all processes; while Valkey is
    away each process counts for itself, so that nobody is kept out and nobody may guess freely."""

    def __init__(
        self,
        store: KeyValue,
        what: str,
        *,
        limit: int,
        window_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._what = what
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._ours = Tries(window_s, clock)
        self._ask_again = 0.0
        self._counted_here = _local.labels(what)

    def retry_after(self, name: str) -> int | None:
        """Count a try. None when it may go on, else the seconds after which the next one may."""
        reply = self._ask(
            lambda store: store.run(
                lambda client: client.eval(
                    _COUNT, 1, self._key(name), str(int(self._window_s * 1000))
                )
            )
        )
        if reply is None:
            self._counted_here.inc()
            count, left_s = self._ours.count(name)
            left_ms = int(left_s * 1000)
        else:
            count, left_ms = (as_int(number) for number in reply)
        return None if count <= self._limit else max(1, -(-left_ms // 1000))

    def forget(self, name: str) -> None:
        """Begin anew for this name, for example after it succeeded. While Valkey is away, what it
        had counted stays."""
        self._ours.forget(name)
        self._ask(lambda store: store.run(lambda client: client.delete(self._key(name))))

    def _ask(self, question: Callable[[KeyValue], T]) -> T | None:
        """What Valkey says; None while it is away."""
        now = self._clock()
        if now < self._ask_again:
            return None
        if self._ask_again:
            # Whoever comes first looks whether it is back; a stopped one keeps no second one waiting.
            self._ask_again = now + LEFT_ALONE_S
        try:
            said = question(self._store)
        except Unavailable as error:
            self._ask_again = self._clock() + LEFT_ALONE_S
            log.warning("throttle counts by itself", what=self._what, why=error.why)
            return None
        self._ask_again = 0.0
        return said

    def _key(self, name: str) -> str:
        return f"throttle:{self._what}:{name}"
