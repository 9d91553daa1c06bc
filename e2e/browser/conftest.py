"""One shop with the demo catalogue, and people at browsers. Without a browser all is skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from e2e.browser.person import DESK, Person
from e2e.customer import Customer, ask, stock
from e2e.shop import Shop

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
DEMO = Path("services/catalog/demo.jsonl")
FLAGS = (
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Or it asks its makers for news, at every start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

OpenBrowser = Callable[..., Person]
_addresses = count(1)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running browser."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="build-support/browser-tests has Playwright"
    )
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with pytest.MonkeyPatch.context() as environment, ExitStack() as stack:
        # Each person comes from an address of their own, so that the throttles take them for many.
        environment.setenv("PROXIES", "1")
        shop = stack.enter_context(Shop(tmp_path_factory.mktemp("shop")))
        admin = Customer(shop, admin=True)
        imported = ask(
            "POST",
            f"{shop.url('catalog')}/api/v1/products/import",
            DEMO.read_bytes(),
            {"Authorization": f"Bearer {admin.token}", "Content-Type": "application/jsonl"},
        )
        assert imported.status == 200, imported
        yield shop


@pytest.fixture
def shop(running: Shop) -> Iterator[Shop]:
    """The shop, whole again after the test."""
    yield running
    running.mend()


@pytest.fixture
def thing(shop: Shop) -> str:
    """A product of this test's own, with twenty units."""
    return stock(shop, Customer(shop, admin=True), 20)


@pytest.fixture
def open_browser(chromium: Any, shop: Shop) -> Iterator[OpenBrowser]:
    """A browser of its own for each person; whoever meets a stranger or a complaint fails the test."""
    people: list[Person] = []

    def open_one(size: tuple[int, int] = DESK, **options: Any) -> Person:
        width, height = size
        viewport = {"width": width, "height": height}
        address = {"X-Forwarded-For": f"192.0.2.{next(_addresses)}"}
        context = chromium.new_context(viewport=viewport, extra_http_headers=address, **options)
        people.append(Person(context, shop.url("storefront")))
        return people[-1]

    yield open_one
    for person in people:
        person.context.close()
    assert [each for person in people for each in person.strangers] == []
    assert [each for person in people for each in person.complaints] == []


@pytest.fixture
def person(open_browser: OpenBrowser) -> Person:
    """Somebody without an account."""
    return open_browser()


@pytest.fixture
def ada(person: Person) -> Person:
    """Somebody who is logged in."""
    person.register()
    return person
