"""The mails that were delivered, in memory and in a file that loses none of them.

A mail whose Message-ID was delivered before is counted on the first one and not kept again: that
is what a provider does with a duplicate, and what our jobs rely on.
"""

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

KEPT_MAILS = 5000


@dataclass(frozen=True)
class Mail:
    """A delivered mail. `to` are the envelope's recipients, so blind copies show as well."""

    id: str
    to: str
    from_: str
    subject: str
    text: str
    html: str
    message_id: str
    received_at: str
    deliveries: int = 1

    def as_json(self) -> dict[str, object]:
        fields = asdict(self)
        fields["from"] = fields.pop("from_")
        return fields

    @staticmethod
    def from_json(fields: Mapping[str, object]) -> "Mail":
        words = {name: str(fields.get(name, "")) for name in _WORDS}
        deliveries = fields.get("deliveries", 1)
        return Mail(
            from_=str(fields.get("from", "")),
            deliveries=deliveries if isinstance(deliveries, int) else 1,
            **words,
        )


_WORDS = ("id", "to", "subject", "text", "html", "message_id", "received_at")


def read_mail(content: bytes, recipients: list[str]) -> Mail:
    """What a mail program would show of these bytes; never raises over a mail's form."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)
    received_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Mail(
        id=hashlib.sha256(received_at.encode() + content).hexdigest()[:16],
        to=", ".join(recipients),
        from_=_header(message, "From"),
        subject=_header(message, "Subject"),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        message_id=_header(message, "Message-ID"),
        received_at=received_at,
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, "")).strip()
    except (ValueError, IndexError, AttributeError):  # what `email` raises over broken headers
        return ""


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):  # an unknown charset, a broken encoding
        payload = part.get_payload(decode=True)
        return payload.decode(errors="replace") if isinstance(payload, bytes) else ""


class Mailbox:
    """Keeps the newest mails; safe to use from several threads."""

    def __init__(self, file: Path, kept_mails: int = KEPT_MAILS) -> None:
        self._file = file
        self._kept = kept_mails
        self._lock = threading.Lock()
        self._mails: dict[str, Mail] = {}  # by Message-ID, or by id where there is none
        self.version = 0
        file.parent.mkdir(parents=True, exist_ok=True)
        self._load()
        self._rewrite()

    def deliver(self, mail: Mail) -> None:
        """Returns when the mail is on the disk, so that "250 OK" is no lie."""
        with self._lock:
            key = mail.message_id or mail.id
            known = self._mails.get(key)
            kept = replace(known, deliveries=known.deliveries + 1) if known else mail
            self._append(kept)
            self._remember(kept)
            self.version += 1

    def mails(self) -> list[Mail]:
        """The kept mails, newest first."""
        with self._lock:
            return list(reversed(self._mails.values()))

    def mail(self, mail_id: str) -> Mail | None:
        return next((mail for mail in self.mails() if mail.id == mail_id), None)

    def clear(self) -> None:
        with self._lock:
            self._mails.clear()
            self._rewrite()
            self.version += 1

    def _remember(self, mail: Mail) -> None:
        self._mails[mail.message_id or mail.id] = mail  # a known key keeps its place
        while len(self._mails) > self._kept:
            self._mails.pop(next(iter(self._mails)))

    def _load(self) -> None:
        if not self._file.exists():
            return
        with self._file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    fields = json.loads(line)
                except ValueError:
                    continue  # the last line of a killed process: it was never acknowledged
                if isinstance(fields, dict):
                    self._remember(Mail.from_json(fields))

    def _append(self, mail: Mail) -> None:
        self._opened.write(json.dumps(mail.as_json()) + "\n")
        self._opened.flush()
        os.fsync(self._opened.fileno())
        self._lines += 1
        if self._lines > 2 * self._kept + 100:
            self._rewrite()

    def _rewrite(self) -> None:
        """Leaves one line for each kept mail, so that the file stays bounded too."""
        new = self._file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as opened:
            for mail in self._mails.values():
                opened.write(json.dumps(mail.as_json()) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(self._file)
        self._lines = len(self._mails)
        self._opened = self._file.open("a", encoding="utf-8")
