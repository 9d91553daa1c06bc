"""Which adapter the configuration asks for."""

from __future__ import annotations

from libs.client import Outbound
from services.notifications.config import NotificationsSettings
from services.notifications.mailers.mail import Mailer
from services.notifications.mailers.mailgun import MailgunMailer
from services.notifications.mailers.sendgrid import SendGridMailer
from services.notifications.mailers.smtp import SmtpMailer


def mailer_for(service: str, settings: NotificationsSettings) -> Mailer:
    """The adapter of MAIL_PROVIDER. The settings have made sure that it has what it needs."""
    sender = settings.mail_from
    match settings.mail_provider:
        case "smtp":
            assert settings.smtp_url
            return SmtpMailer(settings.smtp_url.get_secret_value(), sender)
        case "mailgun":
            assert settings.mailgun_api_key
            assert settings.mailgun_domain
            api = Outbound(service, "mailgun", settings.mailgun_url)
            api_key = settings.mailgun_api_key.get_secret_value()
            return MailgunMailer(api, settings.mailgun_domain, api_key, sender)
        case "sendgrid":
            assert settings.sendgrid_api_key
            api = Outbound(service, "sendgrid", settings.sendgrid_url)
            return SendGridMailer(api, settings.sendgrid_api_key.get_secret_value(), sender)
