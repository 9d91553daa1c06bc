"""What the storefront's pages cost: server time, CPU, bytes and requests, and its lists at fifty requests
a second.

The whole shop as processes with the demo catalogue. Each page is asked for again and again over one
connection, by somebody who is logged in and has things in the cart. A list that was shown less than two
seconds ago is shown from memory, as it would be; products, carts and orders are asked for each time.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tools.bench import costs, shop
from tools.bench.buyer import fill_catalogue
from tools.bench.programs import ROOT
from tools.bench.shopper import Seen, Shopper
from tools.bench.tables import Report

SERVICES = ("catalog", "notifications", "orders", "payments", "users", "storefront")
DEMO = ROOT / "services" / "catalog" / "demo.jsonl"
# A browser opens so many connections at once; so many customers are waited for at most.
_CONNECTIONS = 32
_MUG, _TEAPOT = "mug-harbour-blue", "teapot-cast-iron"
LISTS = ("/", "/?category=tableware", "/?category=lighting", "/?q=mug", "/?stock=1", "/?max=20")

Look = Callable[[], Seen]


def measure(*, looks: int = 60, per_second: int = 50, seconds: float = 12.0) -> Report:
    """A row for each page, then one for the lists under load."""
    report = Report(
        "pages",
        f"The storefront, {looks} looks each; load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores",
        ("", "ms p50", "p95", "CPU ms", "all CPU ms", "kB", "first kB", "requests"),
    )
    with shop.ground(SERVICES) as ground, shop.started(ground.places) as processes:
        pids = {f"{name} {role}": process.pid for (name, role), process in processes.items()}
        pids |= ground.servers
        (url,) = (place.url for place in ground.places if place.service == "storefront")
        fill_catalogue(ground, DEMO)
        for name, look in _pages(url).items():
            report.row(name, *_cost(look, pids, looks, url))
        for row in _under_load(url, pids, per_second, seconds):
            report.row(*row)
    return report


def _pages(url: str) -> dict[str, Look]:
    """How each is looked at."""
    stranger, ada = Shopper(url), Shopper(url)
    ada.register()
    order = ada.buy(_MUG)
    ada.add(_MUG)
    ada.add(_TEAPOT)
    form = ada.get(f"/products/{_MUG}")
    return {
        "front page": lambda: ada.get("/"),
        "category": lambda: ada.get("/?category=tableware"),
        "search": lambda: ada.get("/?q=mug"),
        "product": lambda: ada.get(f"/products/{_MUG}"),
        "add to cart": lambda: ada.post("/cart/lines", form, {"sku": _MUG}, htmx=True),
        "cart": lambda: ada.get("/cart"),
        "log in": lambda: stranger.get("/login"),
        "check out": lambda: ada.get("/checkout"),
        "order": lambda: ada.get(order),
        "order's state": lambda: ada.get(f"{order}/state?seen=confirmed"),
        "account": lambda: ada.get("/account"),
    }


def _cost(look: Look, pids: dict[str, int], looks: int, url: str) -> tuple[str, ...]:
    for _ in range(5):
        look()
    before = costs.cpu_ms(pids)
    seen = [look() for _ in range(looks)]
    spent = costs.cpu_ms(pids)
    spent.subtract(before)
    page = seen[-1]
    files = [Shopper(url).get(path).wire_bytes for path in page.files]
    return (
        *_spread([each.seconds for each in seen]),
        f"{spent['CPU, ms: storefront web'] / looks:.1f}",
        f"{sum(spent.values()) / looks:.1f}",
        f"{page.wire_bytes / 1000:.1f}",
        f"{(page.wire_bytes + sum(files)) / 1000:.1f}",
        str(1 + len(files)),
    )


def _under_load(
    url: str, pids: dict[str, int], per_second: int, seconds: float
) -> list[tuple[str, ...]]:
    """Strangers ask for one list after the other, at a steady pace, whether or not they are answered;
    a wait is counted from when they meant to ask."""
    shoppers = threading.local()

    def look(number: int, due: float) -> float:
        time.sleep(max(0.0, due - time.monotonic()))
        if not hasattr(shoppers, "own"):
            shoppers.own = Shopper(url)
        shoppers.own.get(LISTS[number % len(LISTS)])
        return time.monotonic() - due

    before, count = costs.cpu_ms(pids), math.ceil(per_second * seconds)
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        began = time.monotonic() + 0.2
        waits = [pool.submit(look, n, began + n / per_second) for n in range(count)]
        found = [wait.result() for wait in waits]
    spent = costs.cpu_ms(pids)
    spent.subtract(before)
    own, everyone = spent["CPU, ms: storefront web"], sum(spent.values())
    name = f"lists, {per_second} a second"
    return [(name, *_spread(found), f"{own / count:.1f}", f"{everyone / count:.1f}", "", "", "")]


def _spread(seconds: Sequence[float]) -> tuple[str, str]:
    ordered = sorted(second * 1000 for second in seconds)
    return f"{ordered[len(ordered) // 2]:.1f}", f"{ordered[round(0.95 * (len(ordered) - 1))]:.1f}"
