"""What is wrong with a request, as the problem that its sender gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import ValidationError
from pydantic_core import from_json

from contracts.core.chassis import InvalidRequest, MalformedRequest, Wrong

# One problem names at most so many faults: enough to mend a form, too few to flood a log.
FAULTS = 20
# To list 200 000 faults takes pydantic 0.2 s; nobody reads them.
COUNTLESS = 1000


def refusal(
    error: ValidationError, locate: Callable[[str], str], body: bytes | None = None
) -> InvalidRequest | MalformedRequest:
    """The problem that says what pydantic found, without the values that it found.

    `locate` says for a field whether it came in the body, the path or the query; `body` is what
    the pointers point into.
    """
    if error.error_count() > COUNTLESS:
        return invalid([wrong("body", (), "too_many_faults", "Next to nothing here is right")])
    # include_input would put a password into the answer, and into a log.
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    if faults[0]["type"] == "json_invalid":
        return MalformedRequest(detail=faults[0]["msg"][:200])
    document = None if body is None else from_json(body)
    return invalid(
        [
            wrong(
                locate(str(fault["loc"][0])) if fault["loc"] else "body",
                fault["loc"]
                if body is None
                else _members(document, fault["loc"], missing=fault["type"] == "missing"),
                fault["type"],
                fault["msg"],
            )
            for fault in faults[:FAULTS]
        ]
    )


def invalid(faults: Sequence[Wrong]) -> InvalidRequest:
    """The problem with the first of these faults."""
    return InvalidRequest(errors=tuple(faults[:FAULTS]))


def wrong(location: str, place: Sequence[int | str], code: str, message: str) -> Wrong:
    """One fault; its place as a JSON Pointer."""
    steps = (str(step)[:100].replace("~", "~0").replace("/", "~1") for step in place)
    return Wrong(
        location=location,
        # A stranger's names may hold what cannot be written as UTF-8.
        pointer="".join("/" + step for step in steps).encode(errors="replace").decode(),
        code=code,
        message=message[:300].encode(errors="replace").decode(),
    )


def _members(document: object, place: Sequence[int | str], *, missing: bool) -> list[int | str]:
    """The steps that exist in the document: pydantic also names a union's tags and validators."""
    steps: list[int | str] = []
    for number, step in enumerate(place):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        elif not (missing and number == len(place) - 1):
            continue
        steps.append(step)
    return steps
