"""The SMTP side: takes every mail from this machine and hands it to the mailbox."""

import asyncio

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tools.mail.mailbox import Mailbox, read_mail

LARGEST_MAIL_BYTES = 5_000_000


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        mail = read_mail(raw, list(envelope.rcpt_tos))
        # In a thread: waiting for the disk must not hold up other connections.
        await asyncio.get_running_loop().run_in_executor(None, self._mailbox.deliver, mail)
        return "250 OK: kept on this machine"


def smtp_server(mailbox: Mailbox, host: str, port: int) -> Controller:
    """A server that runs in a thread of its own between `start()` and `stop()`."""
    return Controller(
        _Handler(mailbox),
        hostname=host,
        port=port,
        server_hostname="concord.localhost",
        data_size_limit=LARGEST_MAIL_BYTES,
        enable_SMTPUTF8=True,
        ready_timeout=20,
    )
