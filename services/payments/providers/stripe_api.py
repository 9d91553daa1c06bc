"""Stripe, through its own SDK, over our own client.

The SDK speaks through an HTTP client that can be replaced. Ours is `Outbound`, so that its calls end
by a deadline, stand behind a breaker and are not repeated by the SDK, like every other call of the
shop. It is imported at the first call: it takes 30 MB, which a web process never needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

from libs.client import Outbound
from libs.operations.errors import Unavailable
from services.payments.providers.money import (
    Captured,
    Charge,
    Declined,
    ProviderRefused,
    Refunded,
)

if TYPE_CHECKING:
    from stripe import StripeClient

R = TypeVar("R")

# What the customer can do something about; everything else that is refused is ours to mend.
_THEIR_FAULT = {"amount_too_large", "amount_too_small", "payment_method_invalid_parameter"}
_WANTS_THE_CUSTOMER = (
    "Your bank wants you to confirm this payment, which this shop cannot take yet. "
    "Nothing was charged."
)
_LATER_S = 5.0


class StripeProvider:
    """A payment is a PaymentIntent that is confirmed and captured at once; as of Provider."""

    def __init__(self, api: Outbound, api_key: str, url: str) -> None:
        self._api = api
        self._api_key = api_key
        self._url = url

    def capture(self, charge: Charge, *, key: str) -> Captured | Declined:
        """As of Provider."""
        intent = self._ask(
            lambda stripe: stripe.v1.payment_intents.create(
                {
                    "amount": charge.amount.cents,
                    "currency": charge.amount.currency.lower(),
                    "payment_method": charge.payment_method,
                    "allowed_payment_method_types": ["card"],
                    "confirm": True,
                    "metadata": {"order_id": charge.order_id},
                },
                {"idempotency_key": key},
            )
        )
        if isinstance(intent, Declined):
            return intent
        status = intent.status
        if status == "processing":
            # The same key would get the same answer for ever: look at how it stands now.
            now = self._asked(lambda stripe: stripe.v1.payment_intents.retrieve(intent.id))
            status = now.status
        match status:
            case "succeeded":
                return Captured(intent.id)
            case "requires_action":
                self._asked(
                    lambda stripe: stripe.v1.payment_intents.cancel(
                        intent.id, {}, {"idempotency_key": f"cancel:{key}"}
                    )
                )
                return Declined(_WANTS_THE_CUSTOMER)
            case "requires_payment_method" | "canceled":
                error = intent.last_payment_error
                return Declined((error and error.message) or "Your card was declined.")
            case "processing":
                raise Unavailable("stripe", f"{intent.id} is processing", retry_after_s=_LATER_S)
            case unexpected:
                raise ProviderRefused(f"{intent.id} is {unexpected}")

    def refund(self, charge: Charge, captured: Captured, *, key: str) -> Refunded:
        """As of Provider."""
        from stripe import InvalidRequestError

        try:
            refund = self._asked(
                lambda stripe: stripe.v1.refunds.create(
                    {
                        "payment_intent": captured.reference,
                        "metadata": {"order_id": charge.order_id},
                    },
                    {"idempotency_key": key},
                )
            )
        except ProviderRefused as error:
            cause = error.__cause__
            if isinstance(cause, InvalidRequestError) and cause.code == "charge_already_refunded":
                return Refunded(captured.reference)  # by a person, at Stripe's dashboard
            raise
        status = refund.status
        if status == "pending":
            status = self._asked(lambda stripe: stripe.v1.refunds.retrieve(refund.id)).status
        if status == "pending":
            raise Unavailable("stripe", f"{refund.id} is pending", retry_after_s=_LATER_S)
        if status != "succeeded":
            raise ProviderRefused(f"{refund.id} is {status}")
        return Refunded(refund.id)

    def _asked(self, ask: Callable[[StripeClient], R]) -> R:
        answer = self._ask(ask)
        if isinstance(answer, Declined):
            raise ProviderRefused(f"Stripe declined what no bank has a say in: {answer.reason}")
        return answer

    def _ask(self, ask: Callable[[StripeClient], R]) -> R | Declined:
        """The answer, or that the customer's bank says no. Raises as Provider says."""
        import stripe

        try:
            return ask(self._client)
        except stripe.CardError as error:
            return Declined(error.user_message or "Your card was declined.")
        except stripe.InvalidRequestError as error:
            no_such_card = error.code == "resource_missing" and error.param == "payment_method"
            if no_such_card or error.code in _THEIR_FAULT:
                return Declined(error.user_message or "This payment method cannot be used.")
            raise ProviderRefused(f"Stripe answered {error.http_status}: {error}") from error
        except (stripe.RateLimitError, stripe.APIConnectionError) as error:
            raise Unavailable("stripe", str(error)) from error
        except stripe.StripeError as error:
            # 409: a request under the same key is still under way. No status: no JSON.
            if error.http_status in (None, 200, 409):
                raise Unavailable("stripe", str(error), retry_after_s=_LATER_S) from error
            raise ProviderRefused(f"Stripe answered {error.http_status}: {error}") from error

    @cached_property
    def _client(self) -> StripeClient:
        import stripe

        api, prefix = self._api, self._url

        class OverOutbound(stripe.HTTPClient):
            name = "concord"

            def request(
                self,
                method: str,
                url: str,
                headers: Mapping[str, str] | None,
                post_data: Any = None,
                **_: Any,
            ) -> tuple[str, int, Mapping[str, str]]:
                response = api.request(
                    method.upper(),
                    url.removeprefix(prefix),
                    form=dict(parse_qsl(post_data, keep_blank_values=True)) if post_data else None,
                    headers=headers,
                )
                return response.text, response.status_code, response.headers

            def close(self) -> None:
                """Nothing is this object's own."""

        return stripe.StripeClient(
            self._api_key,
            base_addresses={"api": prefix},
            http_client=OverOutbound(),
            max_network_retries=0,
        )
