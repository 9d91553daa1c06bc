"""What an order costs, from its POST until it is confirmed and the mail is out, in both topologies.

Three passes, one order after the other. In the first the buyer looks every 5 ms whether it is
confirmed. In the others it doesn't, since that would be counted too: in the second CPU and messages, in
the third SQL, which PostgreSQL then logs. What an idle shop spends in as much time is taken off.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from tools.bench import costs, shop
from tools.bench.buyer import Buyer, open_shop
from tools.bench.tables import Report

SERVICES = ("catalog", "notifications", "orders", "payments", "users")
TOPOLOGIES = ("processes", "together")
_PACE_S = 0.25
_NOISE = 0.05  # of an order: what happens less often is no part of it


def measure(
    *,
    orders: int = 40,
    warm_up: int = 15,
    settle_s: float = 1.0,
    topologies: Sequence[str] = TOPOLOGIES,
) -> Report:
    """One column for each topology, and a row for each thing that is spent; after `settle_s` the last
    order's mail is out."""
    report = Report(
        "order",
        f"What one of {orders} orders costs; beyond what an idle shop spends",
        ("", *topologies),
    )
    found = [_measured(topology, orders, warm_up, settle_s) for topology in topologies]
    for row in _in_order(found):
        report.row(row, *(f"{one[row]:.1f}" if row in one else "" for one in found))
    return report


def _measured(topology: str, orders: int, warm_up: int, settle_s: float) -> dict[str, float]:
    """What was found, by the name of its row."""
    with shop.ground(SERVICES, durable=True) as ground, _running(topology, ground) as pids:
        sku = open_shop(ground)
        buyer = Buyer(ground, sku)
        for _ in range(warm_up):
            buyer.until_confirmed()
        waited = [buyer.until_confirmed() for _ in range(orders)]
        found = {
            **_spread("until answered, ms", [answered for answered, _ in waited]),
            **_spread("until confirmed, ms", [confirmed for _, confirmed in waited]),
        }
        urls = [place.url for place in ground.places][: 1 if topology == "together" else None]

        def spent() -> Counter[str]:
            return costs.cpu_ms(pids | ground.servers) + costs.messages(urls)

        found |= _sums(_each(spent, buyer, orders, settle_s))
        with costs.statements_logged(ground.postgres):
            found |= _sums(_each(lambda: costs.sql(ground.postgres_log), buyer, orders, settle_s))
    return found


@contextmanager
def _running(topology: str, ground: shop.Ground) -> Iterator[dict[str, int]]:
    """The shop, and its processes' numbers by name."""
    if topology == "together":
        with shop.together(ground) as process:
            yield {"everything": process.pid}
    else:
        with shop.started(ground.places) as processes:
            yield {f"{name} {role}": one.pid for (name, role), one in processes.items()}


def _each(
    spent: Callable[[], Counter[str]], buyer: Buyer, orders: int, settle_s: float
) -> dict[str, float]:
    """What an order adds to what is counted."""
    time.sleep(settle_s)  # what went before is done
    before, began = spent(), time.monotonic()
    for _ in range(orders):
        at = time.monotonic()
        buyer.place()
        time.sleep(max(0.0, at + _PACE_S - time.monotonic()))
    time.sleep(settle_s)
    after, took_s = spent(), time.monotonic() - began
    idle_s = min(took_s, 8.0)
    time.sleep(idle_s)
    idle = spent()
    share = took_s / idle_s
    each = {
        name: (after[name] - before[name] - (idle[name] - after[name]) * share) / orders
        for name in after
    }
    return {name: value for name, value in each.items() if value > _NOISE}


def _spread(what: str, seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(second * 1000 for second in seconds)
    p95 = ordered[round(0.95 * (len(ordered) - 1))]
    return {f"{what}: p50": median(ordered), f"{what}: p95": p95, f"{what}: longest": ordered[-1]}


def _sums(found: dict[str, float]) -> dict[str, float]:
    """With a row `in sum` for each kind of thing, which is what stands before the colon."""
    kinds = dict.fromkeys(name.partition(":")[0] for name in found)
    sums = {kind: sum(v for n, v in found.items() if n.startswith(f"{kind}:")) for kind in kinds}
    return {
        name: value
        for kind in kinds
        for name, value in (
            (f"{kind}: in sum", sums[kind]),
            *sorted((n, v) for n, v in found.items() if n.startswith(f"{kind}:")),
        )
    }


def _in_order(found: Sequence[dict[str, float]]) -> list[str]:
    """All rows, those of a kind together; of a kind, as they were found."""
    rows = dict.fromkeys(name for one in found for name in one)
    kinds = list(dict.fromkeys(name.partition(":")[0] for name in rows))
    return sorted(rows, key=lambda name: kinds.index(name.partition(":")[0]))
