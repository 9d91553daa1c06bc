"""Rows that the harness puts into a service's database, as if the service had written them.

What the checker counts is what the shop wrote: `planted` tells it what to leave out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from libs.messaging.transaction import hash_of
from tools.faults.world import World

_EVENTS: WeakKeyDictionary[World, set[str]] = WeakKeyDictionary()


def publish(world: World, service: str, kind: str, key: str, fields: Mapping[str, object]) -> str:
    """An event in a service's feed; its id."""
    event_id = str(uuid.uuid4())
    _EVENTS.setdefault(world, set()).add(event_id)  # before anybody can find it in the feed
    with world.connect(service) as connection:
        connection.execute(
            "INSERT INTO feed (id, type, key, key_hash, data) VALUES (%s, %s, %s, %s, %s)",
            (event_id, kind, key, hash_of(key), json.dumps(fields)),
        )
    return event_id


def planted(world: World) -> frozenset[str]:
    """The ids of all events that were published so."""
    return frozenset(_EVENTS.get(world, ()))


def note(world: World, service: str, name: str, fields: Mapping[str, object]) -> str:
    """A job that is due now; its id."""
    job_id = str(uuid.uuid4())
    with world.connect(service) as connection:
        connection.execute(
            "INSERT INTO job (id, key, name, data, due_at, wake_at) "
            "VALUES (%s, %s, %s, %s, now(), now())",
            (job_id, f"planted:{job_id}", name, json.dumps(fields)),
        )
    return job_id
