"""What the service says about an environment that will not do."""

from __future__ import annotations

import pytest

from libs.config import ConfigurationError, load
from services.payments.config import PaymentsSettings, split_secrets
from services.payments.providers import provider_for
from services.payments.providers.simulator import SimulatorProvider
from services.payments.providers.stripe_api import StripeProvider

STRIPE = {
    "DATABASE_URL": "postgresql://payments_app:pw@127.0.0.1/payments",
    "QUEUE_URL": "redis://127.0.0.1:8011/0",
    "CACHE_URL": "redis://127.0.0.1:8012/0",
    "SERVICE_KEY_FILE": "/keys/payments.pem",
    "SERVICE_KEYS_DIR": "/keys/public",
    "PAYMENT_PROVIDER": "stripe",
    "PROVIDER_API_KEY": "sk_live_1",
    "PROVIDER_WEBHOOK_SECRET": "whsec_new_0000000000, whsec_old_0000000000",
}
SIMULATOR = STRIPE | {"PAYMENT_PROVIDER": "simulator", "PROVIDER_URL": "http://127.0.0.1:8015/"}


def test_the_configuration_chooses_who_takes_the_money() -> None:
    assert isinstance(provider_for("payments", load(PaymentsSettings, STRIPE)), StripeProvider)
    simulator = load(PaymentsSettings, SIMULATOR)
    assert isinstance(provider_for("payments", simulator), SimulatorProvider)
    assert simulator.provider_url == "http://127.0.0.1:8015"


def test_two_secrets_are_live_while_one_is_changed() -> None:
    settings = load(PaymentsSettings, STRIPE)

    secrets = split_secrets(settings.provider_webhook_secret)

    assert secrets == ("whsec_new_0000000000", "whsec_old_0000000000")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PAYMENT_PROVIDER": "cash"}, "PAYMENT_PROVIDER"),
        ({"PAYMENT_PROVIDER": "simulator"}, "PROVIDER_URL"),
        ({"PROVIDER_URL": "api.stripe.com"}, "PROVIDER_URL"),
        ({"PROVIDER_WEBHOOK_SECRET": ""}, "PROVIDER_WEBHOOK_SECRET"),
        ({"PROVIDER_WEBHOOK_SECRET": "short"}, "PROVIDER_WEBHOOK_SECRET"),
        ({"PROVIDER_WEBHOOK_SECRET": "whsec_new_0000000000,x"}, "PROVIDER_WEBHOOK_SECRET"),
    ],
)
def test_what_lacks_or_makes_no_sense_stops_the_boot_and_is_named(
    change: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named) as raised:
        load(PaymentsSettings, STRIPE | change)

    assert "sk_live_1" not in str(raised.value)
