"""How customers' money comes and goes: one port, an adapter for each provider."""

from services.payments.providers.choice import provider_for
from services.payments.providers.money import (
    Captured,
    Charge,
    Declined,
    Provider,
    ProviderRefused,
    Refunded,
)

__all__ = [
    "Captured",
    "Charge",
    "Declined",
    "Provider",
    "ProviderRefused",
    "Refunded",
    "provider_for",
]
