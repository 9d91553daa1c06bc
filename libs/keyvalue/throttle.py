"""How often something may be tried."""

from __future__ import annotations

from libs.keyvalue.valkey import KeyValue, as_int

# INCR and the expiry in one step: a crash between the two would lock a name out for ever.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('PTTL', KEYS[1])}
"""


class Throttle:
    """At most `limit` tries of one name in `window_s`, counted over all processes."""

    def __init__(self, store: KeyValue, what: str, *, limit: int, window_s: float) -> None:
        self._store = store
        self._what = what
        self._limit = limit
        self._window_s = window_s

    def retry_after(self, name: str) -> int | None:
        """Count a try. None when it may go on, else the seconds after which the next one may.
        Raises Unavailable when Valkey does not answer."""
        reply = self._store.run(
            lambda client: client.eval(
                _COUNT, 1, f"throttle:{self._what}:{name}", str(int(self._window_s * 1000))
            )
        )
        count, left_ms = (as_int(number) for number in reply)
        return None if count <= self._limit else max(1, -(-left_ms // 1000))

    def forget(self, name: str) -> None:
        """Begin anew for this name, for example after it succeeded. Raises Unavailable."""
        self._store.run(lambda client: client.delete(f"throttle:{self._what}:{name}"))
