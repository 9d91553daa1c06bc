"""What is true of every page: for screen readers, for parsers, on a phone, and for the bill."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.browser.conftest import OpenBrowser
from e2e.browser.nu import complaints
from e2e.browser.person import DESK, PHONE, Person
from e2e.browser.walks import walk, walk_in_trouble
from e2e.shop import Shop

pytestmark = pytest.mark.timeout(400)

# A folder, for whoever wants to look for themselves.
SCREENSHOTS = os.environ.get("SCREENSHOTS")
LOOKS = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]
FIRST_VISIT_BYTES, FIRST_VISIT_REQUESTS = 100_000, 6


def test_axe_and_the_html_checker_find_nothing_on_any_page_and_nothing_hangs_over_the_edge(
    open_browser: OpenBrowser, tmp_path: Path
) -> None:
    walked = (each for person in at_each_look(open_browser) for each in walk(person))

    assert list(faults(walked, tmp_path)) == []


def test_nor_on_a_page_that_tells_of_trouble(
    shop: Shop, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    walked = walk_in_trouble(shop, at_each_look(open_browser))

    assert list(faults(walked, tmp_path)) == []


def at_each_look(open_browser: OpenBrowser) -> list[Person]:
    """Four people: on the phone and at the desk, in the light and in the dark."""
    return [
        open_browser(size, color_scheme=scheme, reduced_motion="reduce") for size, scheme in LOOKS
    ]


def faults(walked: Iterable[tuple[Person, str]], folder: Path) -> Iterator[str]:
    """What is wrong with the pages that are walked over; each is photographed if that is wanted."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    pages: dict[str, str] = {}
    for person, name in walked:
        look = "{width}".format(**person.page.viewport_size)
        look += "-dark" if person.page.evaluate(_IS_DARK) else "-light"
        for each in axe.run(person.page, options=_ALSO).response["violations"]:
            where = [node["target"] for node in each["nodes"]]
            yield f"{name}, {look}: {each['id']} ({each['impact']}) at {where}"
        if (too_wide := person.page.evaluate(_TOO_WIDE)) > 0:
            yield f"{name}, {look}: {too_wide} pixels too wide"
        pages.setdefault(name, person.document.text())
        # As htmx has changed it, and as no server would send it.
        pages.setdefault(f"{name}-in-the-browser", person.page.content())
        if SCREENSHOTS:
            person.page.screenshot(path=f"{SCREENSHOTS}/{name}-{look}.png", full_page=True)
    yield from complaints(pages, folder)


# That a thumb meets one thing at a time (WCAG 2.2) is looked at only when asked for.
_ALSO = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


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
    session = person.context.new_cdp_session(person.page)
    session.send("Network.enable")
    taken: dict[str, str] = {}
    session.on(
        "Network.requestWillBeSent",
        lambda event: taken.update({event["requestId"]: event["request"]["url"]}),
    )
    session.on("Network.requestServedFromCache", lambda event: taken.pop(event["requestId"], None))
    session.on(
        "Network.responseReceived",
        lambda event: event["response"].get("fromDiskCache") and taken.pop(event["requestId"], 0),
    )

    person.page.get_by_role("link", name="Tableware").click()
    person.page.wait_for_url("**category=tableware")
    person.page.wait_for_load_state("networkidle")

    # The first page's icon is fetched when nothing else is to be done, which may be now.
    pages = [url for url in taken.values() if "/static/icon." not in url]
    assert pages == [f"{person.shop_url}/?category=tableware"]


def test_every_picture_is_drawn(person: Person) -> None:
    person.go("/")

    sizes = person.page.evaluate(
        "[...document.querySelectorAll('.picture use')].map(u => u.getBBox().width)"
    )

    assert len(sizes) == 24
    assert all(size > 0 for size in sizes)
