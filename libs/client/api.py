"""Asking an operation of a contract: typed by the request, whatever lies between."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Protocol, cast

from pydantic import ValidationError
from typing_extensions import TypeVar

from contracts.core import KEYED, Operation, Problem, Request
from contracts.core.chassis import StillInFlight, Unauthenticated
from contracts.core.problems import adapter_of
from libs.client.retry_after import retry_after_of
from libs.operations.context import current, refuse_in_transaction
from libs.operations.envelope import SERVICE_TOKEN, Envelope, Reply
from libs.operations.errors import Misunderstood, TokenEnded, Unavailable

R = TypeVar("R")
P = TypeVar("P", bound=Problem)


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way: what is asked, of which operation, and until when."""

    operation: Operation
    request: Request[Any, Any, Any]
    envelope: Envelope
    deadline: float


class Neighbour(Protocol):
    """Something that answers the operations of one service."""

    def exchange(self, call: Call) -> Reply:
        """The reply, whatever its status. Raises Unavailable."""
        ...


class Api:
    """Asks operations. A subclass says who answers them, in `neighbour_of`.

    A call takes the deadline, the trace and the user's token of the work at hand along;
    `user_token` (a whole Authorization header) and `service_token` replace or add to them.
    """

    def __init__(self, *, user_token: str | None = None, service_token: str | None = None) -> None:
        self._user_token = user_token
        self._service_token = service_token

    def send(self, request: Request[Any, R, P], *, key: str | None = None) -> R:
        """The answer. Raises the problem with which the request was refused, Unavailable when no
        answer came in time, Misunderstood when the neighbour does not know such a request.

        `key` is the Idempotency-Key: the same one gets the same answer. A KEYED request without
        one raises TypeError; while its first one is under way, it is Unavailable.
        """
        answer = self.attempt(request, key=key)
        if isinstance(answer, Problem):
            raise answer
        return answer

    def attempt(self, request: Request[Any, R, P], *, key: str | None = None) -> R | P:
        """The answer, or the problem with which the request was refused, as a value to match on.
        Raises Unavailable and Misunderstood as `send` does; TokenEnded when the user's token at hand
        has ended meanwhile, which dispatch answers with 401."""
        operation = request.__operation__
        if operation.repeat is KEYED and key is None:
            raise TypeError(
                f"{operation.service}'s {operation.name} is KEYED: send it with key=..., which must be "
                "the same when it is sent again (a job has job.key)"
            )
        refuse_in_transaction(f"{operation.service} was asked for {operation.name}")
        call = Call(operation, request, *self._envelope(operation, key))
        reply = self.neighbour_of(operation).exchange(call)
        if reply.status == 401 and _is_of_the_user(call, reply):
            raise TokenEnded(f"{operation.service} answered {operation.name} with 401", status=401)
        return cast("R | P", _read(operation, reply))

    def neighbour_of(self, operation: Operation) -> Neighbour:
        """Who answers this operation. Raises LookupError for one that is not to be asked."""
        raise NotImplementedError

    def service_token_for(self, operation: Operation) -> str | None:
        """The proof of which service asks, if one does."""
        return self._service_token

    def _envelope(self, operation: Operation, key: str | None) -> tuple[Envelope, float]:
        context = current()
        left = operation.deadline_s
        if context is not None and (remaining := context.remaining_s()) is not None:
            left = min(left, remaining)
        user_token = self._user_token or (context.user_token if context else None)
        service_token = self.service_token_for(operation)
        envelope = Envelope(
            authorization=user_token,
            service_authorization=f"Bearer {service_token}" if service_token else None,
            idempotency_key=key,
            deadline_s=left,
            traceparent=context.trace.traceparent if context else None,
            request_id=context.request_id if context else None,
        )
        return envelope, time.monotonic() + left


def _read(operation: Operation, reply: Reply) -> Any:
    if reply.status == operation.status:
        try:
            return operation.wire.read_answer(reply.body)
        except ValidationError as error:
            raise Unavailable(
                operation.service, f"its answer to {operation.name} is not of the contract: {error}"
            ) from error
    if 200 <= reply.status < 400:
        raise Unavailable(operation.service, f"it answered {operation.name} with {reply.status}")
    problem = _problem(operation, reply)
    if problem is not None:
        return problem
    if reply.status == 429 or reply.status >= 500 or _is_in_flight(reply):
        raise Unavailable(
            operation.service,
            f"it answered {operation.name} with {reply.status}",
            retry_after_s=_retry_after(reply),
        )
    raise Misunderstood(
        f"{operation.service} answered {operation.name} with {reply.status}, which its contract "
        f"does not declare: {reply.body[:500].decode(errors='replace')}",
        status=reply.status,
    )


def _is_of_the_user(call: Call, reply: Reply) -> bool:
    """Whether it was the token of the user at hand that the neighbour did not take: it was good when
    their request came, so it has ended since, or ends sooner by the neighbour's clock."""
    context = current()
    return (
        context is not None
        and context.user_token is not None
        and call.envelope.authorization == context.user_token
        and Unauthenticated.__problem__.type.encode() in reply.body
        and SERVICE_TOKEN.encode() not in reply.body
    )


def _is_in_flight(reply: Reply) -> bool:
    return reply.status == 409 and StillInFlight.__problem__.type.encode() in reply.body


def _problem(operation: Operation, reply: Reply) -> Problem | None:
    declared = [p for p in operation.problems if p.__problem__.status == reply.status]
    if not declared:
        return None
    try:
        body = json.loads(reply.body)
        kind = next(p for p in declared if p.__problem__.type == body.get("type"))
        problem: Problem = adapter_of(kind).validate_json(reply.body)
    except (ValueError, StopIteration, AttributeError, RecursionError):
        return None
    return problem


def _retry_after(reply: Reply) -> float:
    headers = {name.lower(): value for name, value in reply.headers}
    return retry_after_of(headers.get("retry-after"))
