"""Refusals that every service knows, without an operation declaring them."""

from __future__ import annotations

from contracts.core.problems import Problem
from contracts.core.values import Value


class Wrong(Value):
    """One thing that is wrong with a request: where (a JSON Pointer into the `body`, or into the
    `path` or `query` taken as objects), why, and pydantic's code for it."""

    location: str
    pointer: str
    code: str
    message: str


class MalformedRequest(Problem, status=400, title="The request cannot be read"):
    """The body is no JSON, or a header is not what it should be."""

    detail: str


class InvalidRequest(Problem, status=422, title="The request does not follow the contract"):
    """The request was read, and some of its fields are not what the contract asks for."""

    errors: tuple[Wrong, ...]


class Unauthenticated(Problem, status=401, title="Log in first"):
    """No token came along, or it is expired, forged, or meant for somebody else."""

    detail: str


class Forbidden(Problem, status=403, title="Not allowed"):
    """The token is good, but this kind of caller may not ask this."""

    detail: str


class NotFound(Problem, status=404, title="Nothing is here"):
    """No operation has this path."""


class MethodNotAllowed(Problem, status=405, title="The path does not know this method"):
    """The `Allow` header lists the methods that the path knows."""

    allowed: tuple[str, ...]


class BodyTooLarge(Problem, status=413, title="The body is too large"):
    """The body is longer than the service reads."""

    limit_bytes: int


class UnsupportedMediaType(Problem, status=415, title="The body is of no kind that is read here"):
    """Send a `Content-Type` out of `supported`."""

    supported: tuple[str, ...] = ("application/json",)


class Overloaded(Problem, status=503, title="Try again later"):
    """The service, or one that it needs, cannot answer at the moment."""

    retry_after_s: int = 1


class InternalError(Problem, status=500, title="Something went wrong on our side"):
    """A bug of ours; its trace id finds it in the logs."""


class KeyRequired(Problem, status=400, title="This needs an Idempotency-Key"):
    """Send a header `Idempotency-Key` of your own choice, 1 to 255 printable ASCII characters: a new
    one for each thing to be done, the same one when you ask for that thing again."""

    detail: str


class KeyTaken(Problem, status=422, title="This Idempotency-Key came with another request"):
    """The key stands for what was asked first; ask that again, or use a new key."""


class StillInFlight(Problem, status=409, title="The first request with this key is under way"):
    """Repeat it after `retry_after_s`; then it gets the first one's answer."""

    retry_after_s: int = 1


class BadRequest(Problem, status=400, title="The request cannot be served"):
    """Refused before it reached an operation, for a reason of HTTP itself."""

    detail: str
