"""The words of each mail, from the templates in words/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from contracts.users import v1 as users
from services.notifications.mailers import Mail


def welcome(account: users.Account) -> Mail:
    """For somebody who has just registered."""
    return _mail("welcome", account, subject=f"Welcome, {account.name}")


def _mail(template: str, account: users.Account, *, subject: str) -> Mail:
    words = {"subject": subject, "account": account}
    return Mail(
        to=account.email,
        subject=subject,
        text=_environment().get_template(f"{template}.txt.jinja").render(words),
        html=_environment().get_template(f"{template}.html.jinja").render(words),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "words"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
