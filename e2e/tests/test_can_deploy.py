"""A checkout whose contract of orders is one commit newer than what runs: who may be deployed?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.shop import SERVICES, Shop
from tools.contracts.deploy.command import can_deploy
from tools.dev import keys
from tools.dev.places import HERE, Places

ORDERS = "contracts/orders/v1.py"
# Edits of the page of orders, as a commit after the one that runs.
RENAMED = ("    total: Money\n    placed_at", "    amount: Money\n    placed_at")
ASKED_MORE = (
    '    """One order, for its customer, an admin or a service; for others it does not exist."""\n\n'
    "    order_id: OrderId\n",
    '    """One order."""\n\n    order_id: OrderId\n    with_lines: bool = True\n',
)
REFUSED_MORE = (
    "class GetOrder(\n    Request[User | Admin | Service, Order, NoSuchOrder],",
    'class Archived(Problem, status=410, title="Archived"):\n    """Too old."""\n\n\n'
    "class GetOrder(\n    Request[User | Admin | Service, Order, NoSuchOrder | Archived],",
)
TOLD_LESS = (
    "    order_id: OrderId\n    user_id: UserId\n    total: Money\n    payment_method",
    "    order_id: OrderId\n    user_id: UserId\n    payment_method",
)

# One topology is enough: each service tells the same in both.
pytestmark = pytest.mark.parametrize("running", [Shop], indirect=True, ids=["processes"])

Ask = Callable[[str], tuple[int, dict[str, dict[str, str]]]]


@pytest.fixture
def checkout(shop: Shop, tmp_path: Path) -> Path:
    """A copy of what runs, with a key that the running services take."""
    ignored = shutil.ignore_patterns("__pycache__", "tests")
    for folder in ("contracts", "services"):
        shutil.copytree(HERE.root / folder, tmp_path / folder, ignore=ignored)
    keys.make_service_keys(Places(tmp_path), [keys.DEV])
    trusted = Path(shop.ground.environment("orders", "web")["SERVICE_KEYS_DIR"])
    shutil.copy(tmp_path / ".dev/secrets/public/dev.pem", trusted)
    return tmp_path


@pytest.fixture
def ask(shop: Shop, checkout: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """The exit code, and what may be of each way to each neighbour."""

    def asked(service: str) -> tuple[int, dict[str, dict[str, str]]]:
        capsys.readouterr()
        code = can_deploy(checkout, service, [shop.url(name) for name in SERVICES], as_json=True)
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        cells = {
            name: {way: cell["may"] for way, cell in ways.items()}
            for name, ways in said["neighbours"].items()
        }
        return code, cells

    return asked


def edit(checkout: Path, old: str, new: str) -> None:
    page = checkout / ORDERS
    text = page.read_text()
    assert old in text
    page.write_text(text.replace(old, new))


def test_what_runs_may_be_deployed_again(ask: Ask) -> None:
    for service in SERVICES:
        code, cells = ask(service)

        assert code == 0
        assert {may for ways in cells.values() for may in ways.values()} == {"yes"}

    _, cells = ask("orders")
    assert cells == {
        "catalog": {"its_requests": "yes", "our_requests": "yes", "our_events": "yes"},
        "notifications": {"its_requests": "yes", "our_events": "yes"},
        "payments": {"our_requests": "yes", "our_events": "yes", "its_events": "yes"},
        "users": {"its_requests": "yes"},
    }


def test_a_rename_stops_orders_for_those_who_ask_it_and_each_of_them_for_orders(
    ask: Ask, checkout: Path
) -> None:
    edit(checkout, *RENAMED)

    code, orders = ask("orders")
    assert code == 4
    assert {
        name: ways["its_requests"] for name, ways in orders.items() if "its_requests" in ways
    } == {
        "catalog": "no",
        "notifications": "no",
        "users": "no",
    }
    assert orders["payments"] == {"our_requests": "yes", "our_events": "yes", "its_events": "yes"}
    code, notifications = ask("notifications")
    assert code == 4
    assert notifications["orders"] == {"our_requests": "no", "its_events": "yes"}
    assert ask("payments")[0] == 0


def test_what_an_old_client_need_not_say_lets_orders_go_first(ask: Ask, checkout: Path) -> None:
    edit(checkout, *ASKED_MORE)

    assert ask("orders")[0] == 0
    code, notifications = ask("notifications")
    assert code == 4
    assert notifications["orders"]["our_requests"] == "they first"


def test_a_new_refusal_lets_those_go_first_who_are_to_understand_it(
    ask: Ask, checkout: Path
) -> None:
    edit(checkout, *REFUSED_MORE)

    code, orders = ask("orders")
    assert code == 4
    assert orders["notifications"]["its_requests"] == "they first"
    assert ask("notifications")[0] == 0


def test_an_event_stops_orders_only_for_those_who_listen_to_it(ask: Ask, checkout: Path) -> None:
    edit(checkout, *TOLD_LESS)

    code, orders = ask("orders")
    assert code == 4
    assert {name: ways["our_events"] for name, ways in orders.items() if "our_events" in ways} == {
        "catalog": "yes",
        "notifications": "yes",
        "payments": "no",
    }


def test_what_does_not_answer_is_told_apart_from_what_must_wait(
    shop: Shop, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = can_deploy(checkout, "orders", [shop.url("users"), "http://127.0.0.1:9"])

    said = capsys.readouterr()
    assert code == 3
    assert "users" in said.out
    assert "nothing answers at http://127.0.0.1:9" in said.err
