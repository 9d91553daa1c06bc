"""Problems as they travel: RFC 9457, `application/problem+json`."""

from __future__ import annotations

import json
import math
from typing import Any

from contracts.core import Problem
from contracts.core.problems import adapter_of
from libs.operations.context import current
from libs.operations.envelope import Reply

CONTENT_TYPE = "application/problem+json"
# A neighbour, or an API that is not ours, may ask for more; nobody plans so far ahead.
LONGEST_WAIT_S = 3600.0


def reply_with(problem: Problem, *, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """The problem as a reply; with Retry-After when it has a `retry_after_s`."""
    said = problem.__problem__
    body: dict[str, Any] = {
        "type": said.type,
        "title": said.title,
        "status": said.status,
        **adapter_of(type(problem)).dump_python(problem, mode="json", by_alias=True),
    }
    after = getattr(problem, "retry_after_s", None)
    if isinstance(after, int | float):
        headers = (*headers, ("Retry-After", str(whole_seconds(after))))
    if said.status == 401:
        headers = (*headers, ("WWW-Authenticate", "Bearer"))
    return _reply(body, headers)


def reply_of(status: int, title: str) -> Reply:
    """An error of HTTP itself that is no problem of anybody's contract."""
    return _reply({"type": "about:blank", "title": title, "status": status}, ())


def whole_seconds(seconds: float) -> int:
    """A wait as Retry-After says it: at least one second, at most an hour."""
    return math.ceil(min(max(1.0, seconds), LONGEST_WAIT_S))


def _reply(body: dict[str, Any], headers: tuple[tuple[str, str], ...]) -> Reply:
    if context := current():
        body["trace_id"] = context.trace.trace_id
    # A stranger's text may hold half a surrogate pair, which UTF-8 cannot.
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Reply(body["status"], text, (("Content-Type", CONTENT_TYPE), *headers))
