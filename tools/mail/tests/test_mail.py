import json
import os
import signal
import smtplib
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from libs.servers import free_port
from tools.mail.mailbox import Mailbox, read_mail


class Catcher:
    """The mail catcher as a process of its own, as `./dev` runs it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.smtp_port, self.http_port = free_port(), free_port()
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tools.mail", "--data", str(self.data)]
        command += [
            "--smtp",
            f"127.0.0.1:{self.smtp_port}",
            "--http",
            f"127.0.0.1:{self.http_port}",
        ]
        path = os.pathsep.join(filter(None, sys.path))
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith(b"mail: smtp://")
        self.process.stdout.close()

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)

    def send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as client:
            client.send_message(mail)

    def ask(self, path: str, method: str = "GET", host: str = "127.0.0.1") -> tuple[int, bytes]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}", method=method, headers={"Host": host}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    def mails(self) -> Any:
        return json.loads(self.ask("/api/mails")[1])


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[Catcher]:
    catcher = Catcher(tmp_path)
    yield catcher
    catcher.end(signal.SIGKILL)


def welcome(
    message_id: str = "<welcome-1@shop>", subject: str = "Welcome, Ada Łącka"
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Shop <shop@example.com>", "Ada <ada@example.com>"
    mail["Subject"], mail["Message-ID"] = subject, message_id
    mail.set_content("Good to have you, Ada.\n")
    mail.add_alternative("<p>Good to have <b>you</b>, Ada.</p>\n", subtype="html")
    return mail


def test_a_sent_mail_is_listed_with_both_its_forms(catcher: Catcher) -> None:
    catcher.send(welcome())

    (mail,) = catcher.mails()

    assert mail["to"] == "ada@example.com"
    assert mail["from"] == "Shop <shop@example.com>"
    assert mail["subject"] == "Welcome, Ada Łącka"
    assert mail["text"] == "Good to have you, Ada.\n"
    assert mail["html"] == "<p>Good to have <b>you</b>, Ada.</p>\n"
    assert mail["message_id"] == "<welcome-1@shop>"
    assert mail["deliveries"] == 1
    assert mail["received_at"].endswith("Z")


def test_a_mail_delivered_twice_is_kept_once_and_counted_twice(catcher: Catcher) -> None:
    catcher.send(welcome())
    catcher.send(welcome("<welcome-2@shop>"))
    catcher.send(welcome())

    counted = {mail["message_id"]: mail["deliveries"] for mail in catcher.mails()}

    assert counted == {"<welcome-1@shop>": 2, "<welcome-2@shop>": 1}


def test_an_acknowledged_mail_survives_a_kill(catcher: Catcher) -> None:
    catcher.send(welcome())
    catcher.send(welcome())

    catcher.end(signal.SIGKILL)
    catcher.start()
    catcher.send(welcome())

    assert [mail["deliveries"] for mail in catcher.mails()] == [3]


def test_cleared_mails_stay_away(catcher: Catcher) -> None:
    catcher.send(welcome())

    assert catcher.ask("/api/mails", "DELETE")[0] == 204

    assert catcher.mails() == []
    assert catcher.end(signal.SIGTERM) == 0
    catcher.start()
    assert catcher.mails() == []


def test_the_page_and_the_probe_answer(catcher: Catcher) -> None:
    assert catcher.ask("/livez")[0] == 200
    status, page = catcher.ask("/")
    assert status == 200
    assert b"<title>Mail</title>" in page
    assert b"{{nonce}}" not in page
    assert catcher.ask("/api/mails/unknown")[0] == 404


def test_a_foreign_name_for_this_machine_reads_no_mail(catcher: Catcher) -> None:
    assert catcher.ask("/api/mails", host="evil.example")[0] == 421
    assert catcher.ask("/api/mails", host=f"localhost:{catcher.http_port}")[0] == 200


def test_a_mail_that_is_too_large_is_refused(catcher: Catcher) -> None:
    huge = welcome()
    huge.get_body(("plain",)).set_content("x\n" * 3_000_000)  # type: ignore[union-attr]  # it has one

    with pytest.raises(smtplib.SMTPException):
        catcher.send(huge)

    assert catcher.mails() == []


def test_only_the_newest_mails_are_kept(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mails.jsonl", kept_mails=3)
    for number in range(300):
        content = welcome(f"<{number}@shop>", f"No. {number}").as_bytes()
        mailbox.deliver(read_mail(content, ["ada@example.com"]))

    assert [mail.subject for mail in mailbox.mails()] == ["No. 299", "No. 298", "No. 297"]
    assert len((tmp_path / "mails.jsonl").read_text().splitlines()) < 150


def test_half_a_line_of_a_killed_process_costs_no_other_mail(tmp_path: Path) -> None:
    file = tmp_path / "mails.jsonl"
    Mailbox(file).deliver(read_mail(welcome().as_bytes(), ["ada@example.com"]))
    with file.open("a") as opened:
        opened.write('{"id": "torn')

    mailbox = Mailbox(file)
    mailbox.deliver(read_mail(welcome("<2@shop>").as_bytes(), ["bob@example.com"]))

    assert [mail.to for mail in Mailbox(file).mails()] == ["bob@example.com", "ada@example.com"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?utf-8?q?=FF?=\n\nbody",
        b"Content-Type: text/plain; charset=nonsense\n\nbody",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!",
        b"From: <<>>,,\nTo: :;\nMessage-ID: <\n\nbody",
    ],
)
def test_a_broken_mail_is_shown_as_far_as_it_goes(content: bytes) -> None:
    mail = read_mail(content, ["ada@example.com"])

    assert mail.to == "ada@example.com"
