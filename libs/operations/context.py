"""What travels beside the work: its deadline, its trace, and on whose behalf it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from libs.operations.errors import DeadlineExceeded
from libs.telemetry.trace import Trace


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of a piece of work; `deadline` is on the clock of `time.monotonic`."""

    trace: Trace
    request_id: str
    deadline: float | None = None
    user_token: str | None = None
    idempotency_key: str | None = None

    def remaining_s(self) -> float | None:
        """Seconds until the deadline; None without one. Raises DeadlineExceeded when it is over."""
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("this request", "its deadline has passed")
        return left


_current: ContextVar[Context | None] = ContextVar("context", default=None)
_transaction: ContextVar[bool] = ContextVar("transaction", default=False)


def current() -> Context | None:
    """The context of the work at hand, if any."""
    return _current.get()


class within:  # used as a function; as a class it costs a third of a generator
    """Do the work of the block in this context."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: Context) -> None:
        self._context = context

    def __enter__(self) -> Context:
        self._token = _current.set(self._context)
        return self._context

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def idempotency_key() -> str:
    """The key of the KEYED request at hand: what a handler makes of it is the same when the request
    is repeated. Raises LookupError where there is none."""
    context = current()
    if context is None or context.idempotency_key is None:
        raise LookupError("no KEYED request is at hand, so there is no Idempotency-Key")
    return context.idempotency_key


@contextmanager
def holding_transaction() -> Iterator[None]:
    """Mark the block as holding a database transaction, during which no neighbour may be asked:
    eight threads on a pool of four once waited for each other until all timed out."""
    token = _transaction.set(True)
    try:
        yield
    finally:
        _transaction.reset(token)


def refuse_in_transaction(what: str) -> None:
    """Raise RuntimeError when a transaction is open: `what` would hold its connection for the
    length of a call."""
    if _transaction.get():
        raise RuntimeError(
            f"{what} while a transaction is open; ask before it begins, or note a job with tx.later()"
        )


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Give the work of the block so much time, or what is left if that is less: for a neighbour
    without whose answer one can do. Raises DeadlineExceeded when none is left."""
    context = current()
    if context is None:
        raise LookupError("no work is at hand whose time could be shortened")
    left = context.remaining_s()
    deadline = time.monotonic() + (seconds if left is None else min(seconds, left))
    with within(replace(context, deadline=deadline)):
        yield
