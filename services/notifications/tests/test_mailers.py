"""The adapters: what a provider gets, and how each of its refusals ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.shared.address import EmailAddress
from libs.client import Outbound
from libs.operations.errors import Unavailable
from libs.servers import free_port
from services.notifications.mailers.mail import Mail, Mailer, MailRefused
from services.notifications.mailers.mailgun import MailgunMailer
from services.notifications.mailers.sendgrid import SendGridMailer
from services.notifications.mailers.smtp import SmtpMailer
from services.notifications.tests.servers import HttpProvider, SmtpServer

SHOP = EmailAddress("shop@concord.example")
MAIL = Mail(
    to=EmailAddress("ada@example.com"),
    subject="Willkommen, Zoë",
    text="Grüße\n",
    html="<p>Grüße</p>",
)


def smtp(server: SmtpServer) -> SmtpMailer:
    return SmtpMailer(f"smtp://127.0.0.1:{server.port}", SHOP)


def test_a_mail_arrives_by_smtp_as_text_and_html() -> None:
    with SmtpServer().running() as server:
        smtp(server).send(MAIL, key="k")

    (taken,) = server.taken
    assert (taken["To"], taken["From"], taken["Subject"]) == (MAIL.to, SHOP, MAIL.subject)
    bodies = [part.get_content().strip() for part in taken.iter_parts()]
    assert bodies == ["Grüße", "<p>Grüße</p>"]


def test_one_key_is_one_message_id_and_another_key_another() -> None:
    with SmtpServer().running() as server:
        for key in ("k", "k", "other"):
            smtp(server).send(MAIL, key=key)

    first, again, other = (mail["Message-ID"] for mail in server.taken)
    assert first == again != other
    assert first.endswith("@concord.example>")


def test_a_server_that_hangs_up_after_the_mail_is_asked_again_with_the_same_id() -> None:
    with SmtpServer(hang_up_after_data=True).running() as server:
        with pytest.raises(Unavailable):
            smtp(server).send(MAIL, key="k")
        server.hang_up_after_data = False
        smtp(server).send(MAIL, key="k")

    assert len({mail["Message-ID"] for mail in server.taken}) == 1


@pytest.mark.parametrize(
    ("verb", "answer", "ends_as"),
    [
        ("RCPT", "450 mailbox busy", Unavailable),
        ("RCPT", "550 no such user", MailRefused),
        ("MAIL", "451 try later", Unavailable),
        ("MAIL", "553 not from you", MailRefused),
        ("DATA", "452 disk full", Unavailable),
        ("DATA", "554 spam", MailRefused),
    ],
)
def test_smtp_that_may_work_later_waits_and_what_never_will_is_refused(
    verb: str, answer: str, ends_as: type[Exception]
) -> None:
    with SmtpServer(answers={verb: answer}).running() as server:
        with pytest.raises(ends_as):
            smtp(server).send(MAIL, key="k")

    assert server.taken == []


def test_a_dead_mail_server_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="the mail server"):
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}", SHOP).send(MAIL, key="k")


def test_a_password_is_not_sent_without_tls() -> None:
    with SmtpServer().running() as server:
        mailer = SmtpMailer(f"smtp://ada:secret@127.0.0.1:{server.port}", SHOP)
        with pytest.raises(MailRefused, match="TLS"):
            mailer.send(MAIL, key="k")


def test_mailgun_gets_the_mail_with_its_message_id() -> None:
    with HttpProvider(status=200).running() as provider:
        api = Outbound("notifications", "mailgun", provider.url)
        MailgunMailer(api, "mg.example", "key-1", SHOP).send(MAIL, key="k")

    ((path, headers, form),) = provider.posted
    assert path == "/v3/mg.example/messages"
    assert headers["Authorization"].startswith("Basic ")
    assert form["to"] == ["ada@example.com"]
    assert form["subject"] == ["Willkommen, Zoë"]
    assert "h:Message-Id" in form


def test_sendgrid_gets_the_mail_with_its_message_id() -> None:
    with HttpProvider().running() as provider:
        api = Outbound("notifications", "sendgrid", provider.url)
        SendGridMailer(api, "key-1", SHOP).send(MAIL, key="k")

    ((path, headers, body),) = provider.posted
    assert path == "/v3/mail/send"
    assert headers["Authorization"] == "Bearer key-1"
    assert body["personalizations"] == [{"to": [{"email": "ada@example.com"}]}]
    assert "Message-ID" in str(body["headers"])


@pytest.mark.parametrize("make", ["mailgun", "sendgrid"])
@pytest.mark.parametrize(
    ("status", "ends_as"),
    [(400, MailRefused), (401, MailRefused), (429, Unavailable), (500, Unavailable)],
)
def test_a_provider_that_may_take_it_later_waits_and_else_it_is_refused(
    make: str, status: int, ends_as: type[Exception]
) -> None:
    makers: dict[str, Callable[[Outbound], Mailer]] = {
        "mailgun": lambda api: MailgunMailer(api, "mg.example", "key-1", SHOP),
        "sendgrid": lambda api: SendGridMailer(api, "key-1", SHOP),
    }
    with HttpProvider(status=status).running() as provider:
        mailer = makers[make](Outbound("notifications", make, provider.url))
        with pytest.raises(ends_as):
            mailer.send(MAIL, key="k")
