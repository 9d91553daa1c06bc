"""What the service says about an environment that will not do."""

from __future__ import annotations

import pytest

from libs.config import ConfigurationError, load
from services.notifications.config import NotificationsSettings

COMPLETE = {
    "DATABASE_URL": "postgresql://notifications_app:pw@127.0.0.1/notifications",
    "QUEUE_URL": "redis://127.0.0.1:8011/0",
    "CACHE_URL": "redis://127.0.0.1:8012/0",
    "SERVICE_KEY_FILE": "/keys/notifications.pem",
    "SERVICE_KEYS_DIR": "/keys/public",
    "MAIL_FROM": "shop@concord.example",
    "SMTP_URL": "smtp://127.0.0.1:8014",
}


def test_smtp_is_what_is_used_when_nothing_is_said() -> None:
    assert load(NotificationsSettings, COMPLETE).mail_provider == "smtp"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MAIL_PROVIDER": "pigeon"}, "MAIL_PROVIDER"),
        ({"MAIL_PROVIDER": "mailgun"}, "MAILGUN_DOMAIN and MAILGUN_API_KEY"),
        ({"MAIL_PROVIDER": "sendgrid"}, "SENDGRID_API_KEY"),
        ({"MAIL_FROM": "the shop"}, "MAIL_FROM"),
    ],
)
def test_a_provider_that_lacks_something_stops_the_boot_and_names_it(
    change: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load(NotificationsSettings, COMPLETE | change)
