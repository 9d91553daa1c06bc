"""Asking an API that is not of this shop: payment providers, mail services."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx

from libs.client.line import Line
from libs.client.retry_after import retry_after_of
from libs.operations.context import current, refuse_in_transaction
from libs.operations.errors import Unavailable


class Outbound:
    """Calls one foreign API over HTTPS, behind a breaker, each call within a total deadline.

    It sends neither our tokens nor our trace: they are nobody else's business.
    """

    def __init__(self, service: str, name: str, base_url: str, *, deadline_s: float = 10.0) -> None:
        self._name = name
        self._deadline_s = deadline_s
        self._line = Line(service, name, base_url, connections=16)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # whatever the foreign API takes
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> httpx.Response:
        """The response with its body read, whatever its status below 500. Raises Unavailable when
        there is none in time, for 429 and 5xx, and at once while the breaker is open."""
        refuse_in_transaction(f"{self._name} was asked")
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"{path!r} is no path at {self._name}; begin it with one slash")
        left = self._deadline_s
        if (context := current()) and (remaining := context.remaining_s()) is not None:
            left = min(left, remaining)
        deadline = time.monotonic() + left
        response = self._line.ask(
            lambda client: client.request(
                method,
                path,
                json=json,
                data=form,
                headers=headers,
                auth=auth,
                extensions={"deadline": deadline},
            ),
            in_a_hurry=left < self._deadline_s / 2,
        )
        status = response.status_code
        if status == 429 or status >= 500:
            raise Unavailable(
                self._name,
                f"it answered {status}",
                retry_after_s=retry_after_of(response.headers.get("Retry-After")),
            )
        return response
