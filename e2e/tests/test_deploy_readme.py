"""deploy/README.md is what an operator goes by: its tables are the services' settings."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from libs.config import MigrationSettings, Settings
from services.catalog.config import CatalogSettings
from services.notifications.config import NotificationsSettings
from services.orders.config import OrdersSettings
from services.payments.config import PaymentsSettings
from services.storefront.config import StorefrontSettings
from services.users.config import UsersSettings

README = Path("deploy/README.md")
EVERY: list[type[BaseModel]] = [
    Settings,
    MigrationSettings,
    UsersSettings,
    CatalogSettings,
    NotificationsSettings,
    OrdersSettings,
    PaymentsSettings,
    StorefrontSettings,
]


@pytest.mark.parametrize("settings", EVERY)
def test_each_variable_of_a_service_is_explained_to_who_deploys_it(
    settings: type[BaseModel],
) -> None:
    told = README.read_text().splitlines()

    rows = [row(settings, name) for name in settings.model_fields]

    assert [each for each in rows if each not in told] == []


def test_no_variable_is_explained_that_no_service_reads() -> None:
    rows = {row(settings, name) for settings in EVERY for name in settings.model_fields}

    told = {line for line in README.read_text().splitlines() if line.startswith("| `")}

    assert told - rows == set()


def row(settings: type[BaseModel], name: str) -> str:
    field = settings.model_fields[name]
    default = "" if field.default is None else f" `{field.default}`"
    if field.is_required():
        default = " required"
    return f"| `{name.upper()}` | {field.description} |{default} |"
