"""Mail through Mailgun's HTTP API."""

from __future__ import annotations

from contracts.shared.address import EmailAddress
from libs.client import Outbound
from services.notifications.mailers.mail import Mail, MailRefused, message_id


class MailgunMailer:
    """Posts to `/v3/<domain>/messages`."""

    def __init__(self, api: Outbound, domain: str, api_key: str, sender: EmailAddress) -> None:
        self._api = api
        self._domain = domain
        self._api_key = api_key
        self._sender = sender

    def send(self, mail: Mail, *, key: str) -> None:
        """As of Mailer."""
        response = self._api.request(
            "POST",
            f"/v3/{self._domain}/messages",
            auth=("api", self._api_key),
            form={
                "from": self._sender,
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
                "html": mail.html,
                "h:Message-Id": message_id(key, self._sender),
            },
        )
        if not response.is_success:
            raise MailRefused(f"Mailgun answered {response.status_code}: {response.text[:300]}")
