"""Dispatch: from a request's bytes to its answer's bytes, the same under Flask, under a client in
the same process, and under tests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Generic

from pydantic import BaseModel
from typing_extensions import TypeVar

from contracts.core import (
    KEYED,
    Accepted,
    Admin,
    Anyone,
    Binding,
    Operation,
    Problem,
    Request,
    Service,
    User,
)
from contracts.core.chassis import (
    Forbidden,
    InternalError,
    InvalidRequest,
    KeyRequired,
    KeyTaken,
    MalformedRequest,
    NotFound,
    Overloaded,
    StillInFlight,
    Unauthenticated,
)
from libs.operations.context import Context, within
from libs.operations.envelope import Access, Envelope, Identity, Reply
from libs.operations.errors import DeadlineExceeded, TokenEnded, Unavailable
from libs.operations.problems import reply_with, whole_seconds
from libs.operations.repeats import Repeats, asked, checked_key, once
from libs.telemetry.logs import Hidden, get_logger
from libs.telemetry.metrics import histogram
from libs.telemetry.trace import Trace

D = TypeVar("D")

log = get_logger(__name__)
_seconds = histogram(
    "concord_operation_duration_seconds",
    "Time from a request's bytes to its answer's bytes",
    ("service", "operation", "status"),
)
_JSON = (("Content-Type", "application/json"),)


class Dispatcher(Generic[D]):
    """The operations of one service with their handlers, and what the handlers work with.

    Raises TypeError when an operation of a contract has no handler, or two, or when one is KEYED
    and there are no `repeats` to remember its answers. `bugs_rise` lets
    exceptions that nobody declared through, for tests; otherwise they are logged and answered
    with 500.
    """

    def __init__(
        self,
        service: str,
        contracts: Iterable[ModuleType],
        routes: Iterable[Binding[D]],
        deps: D,
        access: Access,
        *,
        repeats: Repeats | None = None,
        bugs_rise: bool = False,
    ) -> None:
        self.service = service
        self.deps = deps
        self.bugs_rise = bugs_rise
        self._access = access
        self._repeats = repeats
        self._routes: dict[str, _Route] = {}
        for binding in routes:
            operation = binding.request.__operation__
            if operation.name in self._routes:
                raise TypeError(
                    f"{service}: {operation.name} has two handlers in the table of routes"
                )
            if operation.repeat is KEYED and repeats is None:
                raise TypeError(
                    f"{service}: {operation.name} is KEYED, so its answers must be remembered; "
                    "give serve() a store: repeats=StoredRepeats(database)"
                )
            self._routes[operation.name] = _Route(service, operation, binding.handler)
        for contract in contracts:
            for operation in operations_of(contract):
                if operation.name not in self._routes:
                    raise TypeError(
                        f"{service}: {operation.name} has no handler; add a row to the table of routes"
                    )

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What the service serves, in the order of its table."""
        return tuple(route.operation for route in self._routes.values())

    def dispatch(
        self,
        name: str,
        path: Mapping[str, str],
        query: Sequence[tuple[str, str]],
        body: bytes,
        envelope: Envelope,
    ) -> Reply:
        """The reply to one request of the operation `name`. Whatever happens becomes a reply."""
        route = self._routes.get(name)
        if route is None:
            return reply_with(NotFound())
        started = time.perf_counter()
        context = _context(route, envelope)
        with within(context):
            reply = self._reply(route, path, query, body, envelope)
        route.observe(reply.status, time.perf_counter() - started)
        return reply

    def _reply(
        self,
        route: _Route,
        path: Mapping[str, str],
        query: Sequence[tuple[str, str]],
        body: bytes,
        envelope: Envelope,
    ) -> Reply:
        operation = route.operation
        request: Any = None
        try:
            if envelope.deadline_s is not None and envelope.deadline_s <= 0:
                raise DeadlineExceeded("this request", "its deadline has passed")
            try:
                # Access first: who may not ask learns nothing about the form of a request.
                caller = _ANYONE if route.open else self._caller(operation, envelope)
                if route.keyed:
                    checked_key(envelope.idempotency_key)
                request = operation.wire.read(path, query, body)
            except _REFUSED as refused:
                return reply_with(refused)
            if not route.keyed or self._repeats is None:
                return self._answer(route, request, caller)
            try:
                return once(
                    self._repeats,
                    asked(operation, caller, envelope.idempotency_key, path, query, body),
                    lambda: self._answer(route, request, caller),
                    deadline_s=operation.deadline_s,
                )
            except (KeyTaken, StillInFlight) as refused:
                return reply_with(refused)
        except TokenEnded as ended:
            log.info("token_ended", operation=operation.name, why=str(ended))
            return reply_with(Unauthenticated(detail="The token ended meanwhile; log in again"))
        except Unavailable as neighbour:
            log.warning("unavailable", operation=operation.name, why=str(neighbour))
            return reply_with(Overloaded(retry_after_s=whole_seconds(neighbour.retry_after_s)))
        except Exception as bug:
            if self.bugs_rise:
                raise
            log.exception(
                "bug",
                operation=operation.name,
                error=type(bug).__name__,
                hide=Hidden(_secrets(request, envelope)),
            )
            return reply_with(InternalError())

    def _answer(self, route: _Route, request: Any, caller: Anyone) -> Reply:
        operation = route.operation
        try:
            answer = route.handler(request, caller, self.deps)
            if isinstance(answer, Problem):
                raise answer
            written = operation.wire.write_answer(answer)
        except operation.problems as refused:
            return reply_with(refused)
        if operation.status == 202 and isinstance(answer, Accepted):
            then = type(answer.then).__operation__.wire.write(answer.then)
            return Reply(202, written, (*_JSON, ("Location", then.path)))
        return Reply(operation.status, written, _JSON if written else ())

    def _caller(self, operation: Operation, envelope: Envelope) -> Anyone:
        return caller_for(operation, self._access.identify(envelope))


class _Route:
    """An operation, its handler, and its metrics' children, found once instead of per request."""

    __slots__ = ("_children", "_labels", "handler", "keyed", "open", "operation")

    def __init__(self, service: str, operation: Operation, handler: Any) -> None:
        self.operation = operation
        self.handler = handler
        self.open = operation.callers == (Anyone,)
        self.keyed = operation.repeat is KEYED
        self._labels = (service, operation.name)
        self._children: dict[int, Any] = {}

    def observe(self, status: int, seconds: float) -> None:
        child = self._children.get(status)
        if child is None:
            child = self._children[status] = _seconds.labels(*self._labels, str(status))
        child.observe(seconds)


_ANYONE = Anyone()
# How a request is refused before its handler runs. From a handler they are undeclared problems.
_REFUSED = (InvalidRequest, MalformedRequest, Unauthenticated, Forbidden, KeyRequired)


def caller_for(operation: Operation, identity: Identity) -> Anyone:
    """The caller whom the operation's declaration lets in. A user comes before the service that
    asks on their behalf, so that a service can do no more for a user than the user may.

    Raises Unauthenticated when a token would help, else Forbidden.
    """
    user, service, callers = identity.user, identity.service, operation.callers
    if user is not None and (User in callers or (Admin in callers and isinstance(user, Admin))):
        return user
    if service is not None and Service in callers:
        return service
    if Anyone in callers:
        return _ANYONE
    if user is None and service is None:
        raise Unauthenticated(detail="This needs a token: Authorization: Bearer <access_token>")
    names = " or ".join(kind.__name__.lower() for kind in callers)
    raise Forbidden(detail=f"Only for callers of this kind: {names}")


def requests_of(contract: ModuleType) -> tuple[type[Request[Any, Any, Any]], ...]:
    """The request classes that a contract's module declares, in its order."""
    return tuple(
        value
        for value in vars(contract).values()
        if isinstance(value, type)
        and issubclass(value, Request)
        and value.__module__ == contract.__name__
        # pydantic puts the parametrised bases into the module as well; those declare nothing.
        and "__operation__" in vars(value)
    )


def operations_of(contract: ModuleType) -> tuple[Operation, ...]:
    """The operations that a contract's module declares, in its order."""
    return tuple(request.__operation__ for request in requests_of(contract))


def _secrets(request: Any, envelope: Envelope) -> tuple[str, ...]:
    """What an exception may hold of this request and a log must not: the fields that its contract
    keeps out of repr, and the tokens."""
    tokens = [envelope.authorization, envelope.service_authorization]
    return (
        *_hidden(request),
        *(token.removeprefix("Bearer ") for token in tokens if token is not None),
    )


def _hidden(value: Any) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inner = getattr(value, name)
            if not field.repr:
                yield str(inner)
            else:
                yield from _hidden(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _hidden(inner)


def _context(route: _Route, envelope: Envelope) -> Context:
    trace = Trace.continued(envelope.traceparent)
    left = route.operation.deadline_s
    if envelope.deadline_s is not None and envelope.deadline_s < left:
        left = envelope.deadline_s
    return Context(
        trace=trace,
        request_id=envelope.request_id or trace.span_id,
        deadline=time.monotonic() + left,
        # Where anyone may ask nobody has looked at the token: it is not passed on.
        user_token=None if route.open else envelope.authorization,
        idempotency_key=envelope.idempotency_key if route.keyed else None,
    )
