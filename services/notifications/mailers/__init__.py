"""How mail leaves the shop: one port, an adapter for each provider."""

from services.notifications.mailers.choice import mailer_for
from services.notifications.mailers.mail import Mail, Mailer, MailRefused

__all__ = ["Mail", "MailRefused", "Mailer", "mailer_for"]
