"""The port: what a mail is, and what an adapter promises."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from contracts.shared.address import EmailAddress


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person, as text and as HTML."""

    to: EmailAddress
    subject: str
    text: str
    html: str


class MailRefused(Exception):
    """The provider will never take this mail: the address or our account is wrong."""


class Mailer(Protocol):
    """Hands mail to a provider."""

    def send(self, mail: Mail, *, key: str) -> None:
        """Return once the provider has taken the mail. The same `key` is the same mail: it gets
        the same Message-ID, by which a provider can drop the second.

        Raises Unavailable when it may be tried again, MailRefused when that would not help.
        """
        ...


def message_id(key: str, sender: EmailAddress) -> str:
    """The Message-ID of the mail with this key: stable, and it tells nothing of the key."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{digest}@{sender.rpartition('@')[2]}>"
