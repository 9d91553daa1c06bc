"""KEYED requests that arrive twice: the second one gets the first one's answer.

The first claims the key for as long as it may take, and leaves its answer there. When it dies
instead, its claim runs out and a repeat begins anew; so a handler of a KEYED operation derives what
it makes from the key (`context.idempotency_key`), and meets its own traces. After an answer that is
no final one (503, 500, 401, 403, 429) a repeat begins anew at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from contracts.core import Anyone, Operation, Service, User
from contracts.core.chassis import KeyRequired, StillInFlight
from libs.operations.context import Context, current, within
from libs.operations.envelope import Reply
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255
# Printable ASCII; a space at its end would not survive the way through HTTP.
KEY_PATTERN = r"[!-~]([ -~]*[!-~])?"
_KEY = re.compile(KEY_PATTERN)
# What an attempt may take beyond its deadline: the statement under way, and writing its answer.
SLACK_S = 5.0
_NOT_FINAL = (401, 403, 429)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked under a key: `operation`, `caller` and `key` name it, the fingerprint tells
    it from another request."""

    operation: str
    caller: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer what was asked. `number` fences: only the latest claim may finish."""

    asked: Asked
    number: int


class Repeats(Protocol):
    """Remembers the answers of keyed requests, for a day; `libs.db.StoredRepeats` is one.

    Every method raises Unavailable when the memory cannot be reached.
    """

    def claim(self, asked: Asked, lease_s: float) -> Claim | Reply:
        """The right to answer, for `lease_s` seconds, or the answer that the first request got.
        Raises KeyTaken when the key came with another request, StillInFlight while somebody else
        has the claim."""
        ...

    def finish(self, claim: Claim, reply: Reply) -> bool:
        """Store the answer; False when the claim ran out and somebody else took it over."""
        ...

    def release(self, claim: Claim) -> None:
        """Let a repeat begin anew at once; another request still cannot have the key."""
        ...


def checked_key(key: str | None) -> str:
    """The key. Raises KeyRequired when there is none, or one that cannot be."""
    if key is None:
        raise KeyRequired(detail="Send the header Idempotency-Key with a key of your own choice")
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise KeyRequired(detail=f"A key is 1 to {LONGEST_KEY} printable ASCII characters")
    return key


def asked(
    operation: Operation,
    caller: Anyone,
    key: str | None,
    path: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    body: bytes,
) -> Asked:
    """What was asked, with the fingerprint of its bytes as they were sent."""
    said = repr((operation.method, sorted(path.items()), list(query))).encode(errors="replace")
    digest = hashlib.sha256(b"%d:%b%b" % (len(said), said, body)).digest()
    return Asked(
        f"{operation.service}.{operation.name}", _name_of(caller), checked_key(key), digest
    )


def once(
    repeats: Repeats, asked: Asked, answer: Callable[[], Reply], *, deadline_s: float
) -> Reply:
    """The answer that the first such request got, marked as replayed; else that of `answer`, which
    is remembered if it is a final one.

    Raises KeyTaken and StillInFlight as `Repeats.claim`; Unavailable also when the answer could
    not be stored: then the next repeat finds out.
    """
    held = repeats.claim(asked, deadline_s + SLACK_S)
    if not isinstance(held, Claim):
        return Reply(held.status, held.body, (*held.headers, (REPLAYED, "true")))
    try:
        reply = answer()
    except BaseException:
        _release(repeats, held)
        raise
    if not is_final(reply):
        _release(repeats, held)
        return reply
    with _without_deadline():
        if repeats.finish(held, reply):
            return reply
    # We were so slow that another attempt has begun; whatever that one answers is the answer.
    raise StillInFlight


def is_final(reply: Reply) -> bool:
    """Whether asking again can't change the answer."""
    return reply.status < 500 and reply.status not in _NOT_FINAL


def _release(repeats: Repeats, held: Claim) -> None:
    try:
        with _without_deadline():
            repeats.release(held)
    except Unavailable as error:
        log.warning("key_not_released", operation=held.asked.operation, why=str(error))


def _without_deadline() -> AbstractContextManager[Context]:
    """What has happened is written down even when the time for the request is over."""
    context = current()
    assert context is not None
    return within(
        Context(
            trace=context.trace,
            request_id=context.request_id,
            idempotency_key=context.idempotency_key,
        )
    )


def _name_of(caller: Anyone) -> str:
    if isinstance(caller, User):  # an admin's requests are theirs as well
        return f"user:{caller.user_id}"
    if isinstance(caller, Service):
        return f"service:{caller.name}"
    # Strangers cannot be told apart: who knows another's key and request gets their answer.
    return "anyone"
