"""What failed for good, for people: listed, and tried once more."""

from __future__ import annotations

import json
import sys
from uuid import UUID

from libs.db import Database
from libs.messaging import Messages
from libs.operations.errors import Unavailable


def show_parked(messages: Messages, *, as_json: bool) -> int:
    """Print the parked events and jobs, the oldest first; 0, or 1 when they cannot be read."""
    try:
        parked = messages.parked()
    except Unavailable as error:
        print(f"{messages.service}: {error}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps([item.model_dump(mode="json") for item in parked], indent=2))
        return 0
    for item in parked:
        cause = item.error.strip().splitlines()[-1:] or ["no error was noted"]
        print(f"{item.id}  {item.since:%Y-%m-%d %H:%M}  {item.kind}  {item.name}  {item.key}")
        print(f"    after {item.attempts} attempts: {cause[0]}")
    if parked:
        print(f"Once the cause is mended: {messages.service} requeue ID", file=sys.stderr)
    else:
        print("Nothing is parked.", file=sys.stderr)
    return 0


def requeue(messages: Messages, parked_id: str) -> int:
    """Have one tried again; 0, or 3 when nothing of this id is parked."""
    try:
        found = messages.requeue(UUID(parked_id))
    except ValueError:
        print(f"{messages.service}: {parked_id} is no id; `parked` lists them", file=sys.stderr)
        return 2
    except Unavailable as error:
        print(f"{messages.service}: {error}", file=sys.stderr)
        return 1
    if not found:
        print(f"{messages.service}: nothing of this id is parked; see `parked`", file=sys.stderr)
        return 3
    return 0


def messages_of(service: str, database_url: str) -> Messages:
    """The messages of a service, for looking at: nothing is sent."""
    return Messages(service, Database(database_url, service=service, pool_size=1), "")
