"""Asking an API that is not of this shop: payment providers, mail services."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import httpx

from libs.client.breaker import Breaker, Outcome
from libs.client.transport import PooledTransport
from libs.operations.context import current, refuse_in_transaction
from libs.operations.errors import Unavailable


class Outbound:
    """Calls one foreign API over HTTPS, behind a breaker, each call within a total deadline.

    It sends neither our tokens nor our trace: they are nobody else's business.
    """

    def __init__(self, service: str, name: str, base_url: str, *, deadline_s: float = 10.0) -> None:
        self._service, self._name = service, name
        self._base_url = base_url
        self._deadline_s = deadline_s
        self._pid = 0
        self._client: httpx.Client
        self._breaker: Breaker

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
        if self._pid != os.getpid():
            self._connect()
        left = self._deadline_s
        if (context := current()) and (remaining := context.remaining_s()) is not None:
            left = min(left, remaining)
        self._breaker.admit()
        outcome = Outcome.FAILURE
        try:
            response = self._client.request(
                method,
                path,
                json=json,
                data=form,
                headers=headers,
                auth=auth,
                extensions={"deadline": time.monotonic() + left},
            )
            status = response.status_code
            outcome = (
                Outcome.FAILURE
                if status >= 500
                else Outcome.NEITHER
                if status >= 400
                else Outcome.SUCCESS
            )
        except httpx.PoolTimeout as error:
            outcome = Outcome.NEITHER
            raise Unavailable(self._name, "every connection is in use") from error
        except httpx.TransportError as error:
            raise Unavailable(self._name, f"{type(error).__name__}: {error}") from error
        finally:
            self._breaker.ended(outcome)
        if status == 429 or status >= 500:
            after = response.headers.get("Retry-After", "1")
            raise Unavailable(
                self._name,
                f"it answered {status}",
                retry_after_s=float(after) if after.isdecimal() else 1.0,
            )
        return response

    def _connect(self) -> None:
        self._breaker = Breaker(self._service, self._name)
        secure = self._base_url.startswith("https:")
        self._client = httpx.Client(
            base_url=self._base_url,
            transport=PooledTransport(
                connections=16,
                tls=httpx.create_ssl_context(trust_env=False) if secure else None,
            ),
            trust_env=False,
            follow_redirects=False,
        )
        self._pid = os.getpid()
