"""What a provider tells us unasked: which of it is true, and what it means."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.shared.ids import OrderId

TOLERANCE_S = 300
"""So long a signature is good, as Stripe advises: a webhook that was overheard is of no use later."""


def is_genuine(body: bytes, header: str, secrets: Iterable[str], *, now: float) -> bool:
    """Whether one of `secrets` signed this body within the last five minutes. `header` is as Stripe
    writes it: `t=1700000000,v1=<hex>`, with several v1 while a secret is changed."""
    pairs = [part.strip().partition("=") for part in header.split(",")[:20]]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal()) or len(times[0]) > 12:
        return False
    if abs(now - int(times[0])) > TOLERANCE_S:
        return False
    signed = times[0].encode() + b"." + body
    expected = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    # In constant time, so that nobody feels their way to a signature.
    return any(
        hmac.compare_digest(ours.encode(), theirs.encode())
        for ours in expected
        for theirs in signatures
    )


class _Foreign(BaseModel):
    """Of somebody else's API: what we don't need may be there, and may change."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Metadata(_Foreign):
    order_id: OrderId


class _Problem(_Foreign):
    message: str = ""


class _Intent(_Foreign):
    id: str
    amount: int
    currency: str
    metadata: _Metadata
    last_payment_error: _Problem | None = None


class _Refund(_Foreign):
    id: str
    amount: int
    currency: str
    status: str
    metadata: _Metadata


class _IntentData(_Foreign):
    object: _Intent


class _RefundData(_Foreign):
    object: _Refund


class _Captured(_Foreign):
    type: Literal["payment_intent.succeeded"]
    data: _IntentData


class _Failed(_Foreign):
    type: Literal["payment_intent.payment_failed"]
    data: _IntentData


class _Refunded(_Foreign):
    type: Literal["refund.created", "refund.updated"]
    data: _RefundData


_EVENT: TypeAdapter[_Captured | _Failed | _Refunded] = TypeAdapter(
    Annotated[_Captured | _Failed | _Refunded, Field(discriminator="type")]
)


@dataclass(frozen=True, slots=True)
class Notice:
    """How a wish of ours ended, as the provider tells it."""

    what: Literal["captured", "declined", "refunded"]
    order_id: OrderId
    cents: int
    currency: str
    reference: str
    reason: str = ""


def read(body: bytes) -> Notice | None:
    """What the webhook says about a payment of ours; None for whatever else providers tell."""
    try:
        event = _EVENT.validate_json(body)
    except ValidationError:
        return None
    thing: Any = event.data.object
    said = {
        "order_id": thing.metadata.order_id,
        "cents": thing.amount,
        "currency": thing.currency.upper(),
        "reference": thing.id,
    }
    match event:
        case _Captured():
            return Notice("captured", **said)
        case _Failed():
            problem = event.data.object.last_payment_error
            return Notice("declined", **said, reason=problem.message if problem else "")
        case _Refunded():
            return Notice("refunded", **said) if event.data.object.status == "succeeded" else None
