"""The provider of developers and tests: tools/provider."""

from __future__ import annotations

from typing import Any

from libs.client import Outbound
from libs.operations.errors import Unavailable
from services.payments.providers.money import (
    Captured,
    Charge,
    Declined,
    ProviderRefused,
    Refunded,
)


class SimulatorProvider:
    """Posts to `/v1/captures` and `/v1/refunds`; as of Provider."""

    def __init__(self, api: Outbound, api_key: str) -> None:
        self._api = api
        self._api_key = api_key

    def capture(self, charge: Charge, *, key: str) -> Captured | Declined:
        """As of Provider."""
        wish = _wish(charge) | {"payment_method": charge.payment_method}
        status, answer = self._post("/v1/captures", wish, key)
        if status == 402:
            return Declined(str(answer.get("reason", "")))
        return Captured(_reference(status, answer))

    def refund(self, charge: Charge, captured: Captured, *, key: str) -> Refunded:
        """As of Provider."""
        wish = _wish(charge) | {"capture": captured.reference}
        status, answer = self._post("/v1/refunds", wish, key)
        return Refunded(_reference(status, answer))

    def _post(self, path: str, wish: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._api_key}", "Idempotency-Key": key}
        response = self._api.request("POST", path, json=wish, headers=headers)
        try:
            answer = response.json()
        except ValueError as error:
            raise Unavailable("simulator", "its answer is no JSON") from error
        if not isinstance(answer, dict):
            raise Unavailable("simulator", "its answer is no object")
        return response.status_code, answer


def _wish(charge: Charge) -> dict[str, Any]:
    return {
        "order_id": charge.order_id,
        "cents": charge.amount.cents,
        "currency": charge.amount.currency,
    }


def _reference(status: int, answer: dict[str, Any]) -> str:
    if status != 200 or not isinstance(answer.get("reference"), str):
        raise ProviderRefused(f"the simulator answered {status}: {str(answer)[:300]}")
    return str(answer["reference"])
