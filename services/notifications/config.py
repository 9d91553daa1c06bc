"""What the notifications service is told by its environment."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from contracts.shared.address import EmailAddress
from libs.config import Settings


class NotificationsSettings(Settings):
    """The variables of every service, and how mail leaves the shop."""

    mail_provider: Annotated[
        Literal["smtp", "mailgun", "sendgrid"], Field(description="How mail leaves the shop")
    ] = "smtp"
    mail_from: Annotated[EmailAddress, Field(description="The sender of every mail")]
    smtp_url: Annotated[
        SecretStr | None,
        Field(description="smtp://user:password@host:port, or smtps:// for TLS from the start"),
    ] = None
    mailgun_domain: Annotated[str | None, Field(description="The sending domain at Mailgun")] = None
    mailgun_api_key: Annotated[SecretStr | None, Field(description="Mailgun's API key")] = None
    mailgun_url: Annotated[str, Field(description="Mailgun's API; Europe has its own")] = (
        "https://api.mailgun.net"
    )
    sendgrid_api_key: Annotated[SecretStr | None, Field(description="SendGrid's API key")] = None
    sendgrid_url: Annotated[str, Field(description="SendGrid's API")] = "https://api.sendgrid.com"

    @model_validator(mode="after")
    def _provider_is_complete(self) -> Self:
        needed = {
            "smtp": ("smtp_url",),
            "mailgun": ("mailgun_domain", "mailgun_api_key"),
            "sendgrid": ("sendgrid_api_key",),
        }[self.mail_provider]
        if missing := [name.upper() for name in needed if getattr(self, name) is None]:
            raise ValueError(f"MAIL_PROVIDER={self.mail_provider} needs {' and '.join(missing)}")
        return self
