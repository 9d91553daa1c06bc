"""`python -m services.payments.tests.emulator PORT`: localstripe, on this machine alone, with what
Stripe does and it does not: Idempotency-Keys are honoured, the parameters have this year's names,
and nothing is kept on the disk.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from localstripe import server  # type: ignore[import-untyped]  # it has no types
from localstripe.resources import (  # type: ignore[import-untyped]  # the same
    PaymentIntent,
    store,
)

_first_answers: dict[str, tuple[int, bytes]] = {}
_create = PaymentIntent._api_create.__func__


@server.web.middleware  # type: ignore[untyped-decorator]  # the same
async def _answer_a_key_once(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return await handler(request)
    if key not in _first_answers:
        answer = await handler(request)
        _first_answers[key] = answer.status, answer.body
    status, body = _first_answers[key]
    return server.web.Response(status=status, body=body, content_type="application/json")


def _create_with_new_names(cls: Any, /, **data: Any) -> Any:
    kinds = data.pop("allowed_payment_method_types", None)
    return _create(cls, payment_method_types=kinds, **data)


def _forget() -> None:
    """Instead of writing to a file that all users of this machine share."""


if __name__ == "__main__":
    PaymentIntent._api_create = classmethod(_create_with_new_names)
    store.dump_to_disk = _forget
    server.app.middlewares.insert(0, _answer_a_key_once)
    server.web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
