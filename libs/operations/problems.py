"""Problems as they travel: RFC 9457, `application/problem+json`."""

from __future__ import annotations

import json

from contracts.core import Problem
from contracts.core.problems import adapter_of
from libs.operations.context import current
from libs.operations.envelope import Reply

CONTENT_TYPE = "application/problem+json"


def reply_with(problem: Problem, *, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """The problem as a reply; with Retry-After when it has a `retry_after_s`."""
    said = problem.__problem__
    body = {
        "type": said.type,
        "title": said.title,
        "status": said.status,
        **adapter_of(type(problem)).dump_python(problem, mode="json", by_alias=True),
    }
    if context := current():
        body["trace_id"] = context.trace.trace_id
    after = getattr(problem, "retry_after_s", None)
    if isinstance(after, int | float):
        headers = (*headers, ("Retry-After", str(max(1, round(after)))))
    if said.status == 401:
        headers = (*headers, ("WWW-Authenticate", "Bearer"))
    return Reply(
        said.status,
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        (("Content-Type", CONTENT_TYPE), *headers),
    )
