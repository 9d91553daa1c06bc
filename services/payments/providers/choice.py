"""Which adapter the configuration asks for."""

from __future__ import annotations

from libs.client import Outbound
from services.payments.config import STRIPE_URL, PaymentsSettings
from services.payments.providers.money import Provider
from services.payments.providers.simulator import SimulatorProvider
from services.payments.providers.stripe_api import StripeProvider

# A job asks, not a customer: better to wait than to ask a second time.
DEADLINE_S = 10.0


def provider_for(service: str, settings: PaymentsSettings) -> Provider:
    """The adapter of PAYMENT_PROVIDER. The settings have made sure that it has what it needs."""
    url = settings.provider_url or STRIPE_URL
    api = Outbound(service, settings.payment_provider, url, deadline_s=DEADLINE_S)
    api_key = settings.provider_api_key.get_secret_value()
    match settings.payment_provider:
        case "simulator":
            return SimulatorProvider(api, api_key)
        case "stripe":
            return StripeProvider(api, api_key, url)
