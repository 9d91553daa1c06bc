"""What a service uses of its neighbours' contracts."""

from __future__ import annotations

from pathlib import Path

from libs.web.uses import uses


def service(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def test_it_is_what_the_code_takes_from_a_page_by_any_name(tmp_path: Path) -> None:
    folder = service(
        tmp_path,
        deps="from contracts.orders import v1 as orders\nPEERS = (orders,)",
        saga="from services.x.deps import orders\norders.GetOrder(order_id=1)",
        consumers="from contracts.users.v1 import UserRegistered as Registered",
        own="from contracts.core import Page",
    )

    assert uses(folder) == {
        "contracts.orders.v1": frozenset({"GetOrder"}),
        "contracts.users.v1": frozenset({"UserRegistered"}),
    }


def test_a_page_that_is_only_handed_on_is_known_and_not_used(tmp_path: Path) -> None:
    folder = service(tmp_path, deps="from contracts.orders import v1 as orders\nPEERS = (orders,)")

    assert uses(folder) == {"contracts.orders.v1": frozenset()}


def test_whoever_takes_it_by_reflection_may_use_everything(tmp_path: Path) -> None:
    folder = service(
        tmp_path,
        a="from contracts.orders import v1 as orders\ngetattr(orders, input())",
        b="from contracts.users.v1 import *",
    )

    assert uses(folder) == {"contracts.orders.v1": None, "contracts.users.v1": None}


def test_tests_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    service(
        tmp_path / "tests", test_it="from contracts.orders import v1 as orders\norders.GetOrder"
    )

    assert uses(tmp_path) == {}
