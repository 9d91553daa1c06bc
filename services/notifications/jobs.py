"""Work outside transactions; the table of jobs is at the end."""

from __future__ import annotations

from typing import assert_never

from contracts.shared.ids import UserId
from contracts.users import v1 as users
from libs.messaging import Job
from libs.telemetry.logs import get_logger
from services.notifications import templates
from services.notifications.deps import Deps

log = get_logger(__name__)


class SendWelcome(Job, name="notifications.send_welcome"):
    """Mail a welcome to a new customer, at the address that the account has by then."""

    user_id: UserId


def send_welcome(job: SendWelcome, deps: Deps) -> None:
    match deps.peers.attempt(users.GetUser(user_id=job.user_id)):
        case users.Account() as account:
            deps.mailer.send(templates.welcome(account), key=job.key)
            log.info("welcomed", user_id=job.user_id)
        case users.NoSuchUser():
            log.info("nobody to welcome", user_id=job.user_id)
        case never:
            assert_never(never)


jobs = (SendWelcome.handled_by(send_welcome),)
