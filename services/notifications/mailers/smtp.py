"""Mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from urllib.parse import unquote, urlsplit

from contracts.shared.address import EmailAddress
from libs.operations.context import refuse_in_transaction
from libs.operations.errors import Unavailable
from services.notifications.mailers.mail import Mail, MailRefused, message_id

TIMEOUT_S = 10.0


class SmtpMailer:
    """Speaks to one SMTP server, a connection for each mail. `url` is smtp://user:password@host:port
    (STARTTLS where the server offers it, and always before a password), or smtps://."""

    def __init__(self, url: str, sender: EmailAddress) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL: write it as smtp://host:port or smtps://host:port")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender

    def send(self, mail: Mail, *, key: str) -> None:
        """As of Mailer. When the connection dies after the mail was taken but before we heard of
        it, the mail is sent again under its Message-ID."""
        refuse_in_transaction("the mail server was asked")
        try:
            with self._connect() as server:
                server.send_message(self._message(mail, key))
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            self._refused(code, f"the recipient was refused with {code}", error)
        except smtplib.SMTPResponseException as error:
            self._refused(error.smtp_code, f"it answered {error.smtp_code}", error)
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable("the mail server", f"{type(error).__name__}: {error}") from error

    def _connect(self) -> smtplib.SMTP:
        if self._tls:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            elif self._user:
                server.close()
                raise MailRefused("the mail server offers no TLS, so it gets no password of ours")
        if self._user:
            server.login(self._user, self._password)
        return server

    def _message(self, mail: Mail, key: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = message_id(key, self._sender)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message

    def _refused(self, code: int, why: str, error: Exception) -> None:
        if 400 <= code < 500:
            raise Unavailable("the mail server", why, retry_after_s=5) from error
        raise MailRefused(why) from error
