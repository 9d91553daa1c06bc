"""Carts, in Valkey: what somebody wants, and under which key it is ordered.

A cart is a hash of quantities by product, with its version, which every change renews. The version
is the Idempotency-Key of the order: whoever presses twice, in whatever tab, orders one cart once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from contracts.shared.ids import OrderId, Sku, UserId
from libs.keyvalue import KeyValue
from services.storefront.sessions import hashed

# As the orders contract has it.
MOST_LINES, MOST_UNITS = 50, 99
ANONYMOUS_S, USERS_S, PLACED_S = 30 * 86_400, 90 * 86_400, 2 * 86_400
# How long the first of two clicks may take before the second one stops waiting for it.
PLACING_S = 10

_VERSION = "#version"

# Each in one step: two tabs change one cart.
_CHANGE = """
local units = tonumber(ARGV[3])
if ARGV[2] == 'add' then units = units + tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') end
if units <= 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
     and redis.call('HLEN', KEYS[1]) > tonumber(ARGV[5]) then return 0 end
  redis.call('HSET', KEYS[1], ARGV[1], math.min(units, tonumber(ARGV[4])))
end
redis.call('HSET', KEYS[1], '#version', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[7])
return 1
"""
_MERGE = """
local from = redis.call('HGETALL', KEYS[1])
local moved = 0
for i = 1, #from, 2 do
  if from[i] ~= '#version' then
    local had = tonumber(redis.call('HGET', KEYS[2], from[i]) or '0')
    if had > 0 or redis.call('HLEN', KEYS[2]) <= tonumber(ARGV[2]) then
      redis.call('HSET', KEYS[2], from[i], math.min(had + tonumber(from[i + 1]), tonumber(ARGV[1])))
      moved = moved + 1
    end
  end
end
redis.call('DEL', KEYS[1])
if moved > 0 then
  redis.call('HSET', KEYS[2], '#version', ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
return moved
"""
_PLACED = """
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
redis.call('DEL', KEYS[3])
if redis.call('HGET', KEYS[1], '#version') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""
_RENEW = """
if redis.call('HGET', KEYS[1], '#version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], '#version', ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of a product."""

    sku: Sku
    units: int


@dataclass(frozen=True, slots=True)
class Cart:
    """What is in it, in the order in which it came; `version` is empty for an empty cart."""

    lines: tuple[Wanted, ...] = ()
    version: str = ""

    @property
    def units(self) -> int:
        """How many things, all in all."""
        return sum(line.units for line in self.lines)


class Carts:
    """The carts of visitors and users. Every method raises Unavailable while Valkey does not answer."""

    def __init__(self, cache: KeyValue) -> None:
        self._cache = cache

    def find(self, owner: str) -> Cart:
        """The cart of this owner; empty where there is none."""
        found: Any = self._cache.run(lambda client: client.hgetall(owner))
        version = str(found.pop(_VERSION, ""))
        return Cart(tuple(Wanted(Sku(sku), int(n)) for sku, n in found.items()), version)

    def add(self, owner: str, sku: Sku, units: int) -> bool:
        """So many more of it, 99 at most. False when the cart holds 50 other products already."""
        return self._change(owner, sku, "add", units)

    def put(self, owner: str, sku: Sku, units: int) -> bool:
        """So many of it; none takes it out. False as of `add`."""
        return self._change(owner, sku, "set", units)

    def merge(self, visitor: str, user: str) -> int:
        """Put what a visitor had chosen to what the user had; how many products came over."""
        return self._run(
            _MERGE,
            (visitor, user),
            (MOST_UNITS, MOST_LINES, secrets.token_urlsafe(16), USERS_S),
        )

    def renew(self, owner: str, version: str) -> None:
        """Give the cart another version: its former key stands for a refusal."""
        self._run(_RENEW, (owner,), (version, secrets.token_urlsafe(16)))

    def begin_placing(self, user_id: UserId, version: str) -> bool:
        """Whether nobody else is just placing this version."""
        key = f"placing:{user_id}:{version}"
        return bool(self._cache.run(lambda client: client.set(key, "1", nx=True, ex=PLACING_S)))

    def give_up_placing(self, user_id: UserId, version: str) -> None:
        """It was not placed, or nobody knows: the next one may try."""
        self._cache.run(lambda client: client.delete(f"placing:{user_id}:{version}"))

    def placed(self, user_id: UserId, version: str, order_id: OrderId) -> None:
        """Remember what became of this version, and empty the cart if it is still that one."""
        self._run(
            _PLACED,
            (user_cart(user_id), f"placed:{user_id}:{version}", f"placing:{user_id}:{version}"),
            (version, order_id, PLACED_S),
        )

    def order_of(self, user_id: UserId, version: str) -> OrderId | None:
        """The order that this version of the cart became, if it did."""
        found = self._cache.run(lambda client: client.get(f"placed:{user_id}:{version}"))
        return OrderId(found) if isinstance(found, str) else None

    def _change(self, owner: str, sku: Sku, how: str, units: int) -> bool:
        lives_s = USERS_S if owner.startswith("cart:user:") else ANONYMOUS_S
        version = secrets.token_urlsafe(16)
        values = (sku, how, units, MOST_UNITS, MOST_LINES, version, lives_s)
        return self._run(_CHANGE, (owner,), values) == 1

    def _run(self, script: str, keys: tuple[str, ...], values: tuple[str | int, ...]) -> int:
        texts = [str(value) for value in values]
        reply: Any = self._cache.run(lambda client: client.eval(script, len(keys), *keys, *texts))
        return int(reply)


def visitor_cart(session_id: str) -> str:
    """The owner of a cart that nobody has logged in for."""
    return f"cart:visitor:{hashed(session_id)}"


def user_cart(user_id: UserId) -> str:
    """The owner of a user's cart, which waits for the next log-in."""
    return f"cart:user:{user_id}"
