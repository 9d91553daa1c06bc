"""Whether the shop has come to rest: what is still to be done, as sentences (I5)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

import psycopg

from tools.faults.steps import consumed
from tools.faults.world import World

DRAIN_S = 60.0
_POLL_S = 0.4

_UNNUMBERED = "SELECT id, type FROM feed WHERE pos IS NULL"
_UNREAD = """
    SELECT count(*), min(pos) FROM feed
    WHERE pos > %(pos)s AND key_hash %% %(lanes)s = %(lane)s AND type = ANY(%(types)s)"""
_DUE = "SELECT id, name, key, waits, error FROM job WHERE state = 'waiting' AND due_at <= now()"
_WAITING = """
    SELECT id, name, key, waits, error FROM job
    WHERE state = 'waiting' AND due_at > now() AND (waits > 0 OR attempts > 0)"""
_PARKED = """
    SELECT id, 'event', type, key, error FROM parked_event WHERE requeued_at IS NULL
    UNION ALL SELECT id, 'job', name, key, error FROM job WHERE state = 'parked'"""


class Leftovers:
    """What is still to be done, or was given up, without what was told before and has been there ever
    since: one order that hangs is one finding, and not one of every fault that follows."""

    def __init__(self, world: World, drain_s: float = DRAIN_S) -> None:
        self._world = world
        self._drain_s = drain_s
        self._known: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Another fault: what is gone by now is news if it is there again."""
        if self._known:
            self._known &= left(self._world).keys() | parked(self._world).keys()

    def wait(self, tell: Callable[[int], None]) -> tuple[float, dict[str, str]]:
        """As of `wait`."""
        return wait(self._world, self._known, self._drain_s, tell)

    def new(self, found: Mapping[str, str]) -> dict[str, str]:
        """What of this was not told yet."""
        return {name: said for name, said in found.items() if name not in self._known}

    def tell(self, *found: Iterable[str]) -> None:
        """It is told now, by these names."""
        self._known = self._known.union(*found)


def left(world: World) -> dict[str, str]:
    """What is still to be done, by a name of its own; empty when the shop rests. Says so too of a
    database that cannot be asked."""
    found: dict[str, str] = {}
    try:
        for service in world.keepers:
            found |= _events(world, service) | _jobs(world, service)
        for (order_id,) in world.rows(
            "orders", "SELECT order_id FROM customer_order WHERE status = 'pending'"
        ):
            found[f"order {order_id}"] = f"order {order_id} is still pending"
        for (order_id,) in world.rows(
            "catalog", "SELECT order_id FROM reservation WHERE state = 'held'"
        ):
            found[f"hold {order_id}"] = f"the stock of order {order_id} is still held"
        for order_id, state in world.rows(
            "payments",
            "SELECT order_id, state FROM payment WHERE state IN ('requested', 'refunding')",
        ):
            found[f"payment {order_id}"] = f"the payment of order {order_id} is still {state}"
    except psycopg.Error as error:
        found["database"] = f"a database cannot be asked: {str(error).strip()}"
    return found


def parked(world: World) -> dict[str, str]:
    """What was given up, by its id."""
    found = {}
    for service in world.keepers:
        for id_, kind, name, key, error in world.rows(service, _PARKED):
            last = (error or "").strip().splitlines()[-1:]
            found[str(id_)] = f"{service} parked the {kind} {name} {id_} of {key}: {' '.join(last)}"
    return found


def wait(
    world: World,
    known: Iterable[str] = (),
    at_most_s: float = DRAIN_S,
    tell: Callable[[int], None] = lambda left: None,
) -> tuple[float, dict[str, str]]:
    """Seconds until all but the known was done, and what is left when there were no more."""
    began = time.monotonic()
    ignored = frozenset(known)
    while True:
        now = {name: said for name, said in left(world).items() if name not in ignored}
        waited = time.monotonic() - began
        if not now or waited > at_most_s:
            return waited, now
        tell(len(now))
        time.sleep(_POLL_S)


def _events(world: World, service: str) -> dict[str, str]:
    found = {
        f"event {id_}": f"{service}: the event {kind} {id_} has no position yet"
        for id_, kind in world.rows(service, _UNNUMBERED)
    }
    for producer, types in consumed(service).items():
        cursors = world.rows(
            service,
            "SELECT lane, lanes, pos FROM cursor WHERE producer = %(producer)s",
            producer=producer,
        )
        if not cursors:
            found[f"cursor {service} {producer}"] = f"{service} has no cursor in {producer}'s feed"
        for lane, lanes, pos in cursors:
            ((unread, first),) = world.rows(
                producer, _UNREAD, pos=pos, lanes=lanes, lane=lane, types=list(types)
            )
            if unread:
                # With where it is: a lane that moves, and is late again, is another finding.
                found[f"cursor {service} {producer} {lane} at {pos}"] = (
                    f"{service} has not read {unread} events of {producer}'s lane {lane} "
                    f"(its cursor is at {pos}, the first unread is {first})"
                )
    return found


def _jobs(world: World, service: str) -> dict[str, str]:
    return {
        f"job {id_}": f"{service}: the job {name} {key} is due"
        + (f", and has waited {waits} times: {error}" if waits else "")
        for statement in (_DUE, _WAITING)
        for id_, name, key, waits, error in world.rows(service, statement)
    }
