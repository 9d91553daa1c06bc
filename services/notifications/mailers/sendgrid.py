"""Mail through SendGrid's HTTP API."""

from __future__ import annotations

from contracts.shared.address import EmailAddress
from libs.client import Outbound
from services.notifications.mailers.mail import Mail, MailRefused, message_id


class SendGridMailer:
    """Posts to `/v3/mail/send`."""

    def __init__(self, api: Outbound, api_key: str, sender: EmailAddress) -> None:
        self._api = api
        self._api_key = api_key
        self._sender = sender

    def send(self, mail: Mail, *, key: str) -> None:
        """As of Mailer."""
        response = self._api.request(
            "POST",
            "/v3/mail/send",
            headers={"Authorization": f"Bearer {self._api_key}"},
            json={
                "personalizations": [{"to": [{"email": mail.to}]}],
                "from": {"email": self._sender},
                "subject": mail.subject,
                "content": [
                    {"type": "text/plain", "value": mail.text},
                    {"type": "text/html", "value": mail.html},
                ],
                "headers": {"Message-ID": message_id(key, self._sender)},
            },
        )
        if not response.is_success:
            raise MailRefused(f"SendGrid answered {response.status_code}: {response.text[:300]}")
