"""What the payments service is told by its environment."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from libs.config import Settings

SHORTEST_SECRET = 16
STRIPE_URL = "https://api.stripe.com"


def _http(url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise ValueError("write it as https://host")
    return url.rstrip("/") if url else None


def _secrets(given: SecretStr) -> SecretStr:
    each = split_secrets(given)
    if not each or any(len(secret) < SHORTEST_SECRET for secret in each):
        raise ValueError(f"each secret needs at least {SHORTEST_SECRET} characters")
    return given


class PaymentsSettings(Settings):
    """The variables of every service, and how the shop is paid."""

    payment_provider: Annotated[
        Literal["simulator", "stripe"], Field(description="Who takes the customers' money")
    ]
    provider_url: Annotated[
        str | None,
        AfterValidator(_http),
        Field(description="The provider's API; Stripe's own when unset"),
    ] = None
    provider_api_key: Annotated[SecretStr, Field(description="Our key at the provider")]
    provider_webhook_secret: Annotated[
        SecretStr,
        AfterValidator(_secrets),
        Field(description="Signs the provider's webhooks; while it is changed: new,old"),
    ]

    @model_validator(mode="after")
    def _provider_is_complete(self) -> Self:
        if self.payment_provider == "simulator" and self.provider_url is None:
            raise ValueError("PAYMENT_PROVIDER=simulator needs PROVIDER_URL")
        return self


def split_secrets(given: SecretStr) -> tuple[str, ...]:
    """Each secret that is live."""
    return tuple(part.strip() for part in given.get_secret_value().split(",") if part.strip())
