"""`python -m e2e.cost`: what an order costs, from POST to confirmed, in both topologies.

What runs anyway (polls, leases, probes) is measured on an idle shop and taken off.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
import psycopg

from e2e.customer import Customer, stock
from e2e.program import wait_for
from e2e.shop import SERVICES, Shop
from e2e.together import ShopTogether

_PACE_S = 0.2  # one customer after the other: what an order costs, not what the shop can bear
_LOGGED = re.compile(rb"^@(\w+) LOG:  (?:statement|execute [^:]*):\s*(\w+)", re.MULTILINE)
_AROUND = {"BEGIN", "COMMIT", "ROLLBACK", "DEALLOCATE"}


@dataclass(frozen=True)
class Run:
    """Orders that were placed: how long the answers took and how long it was until confirmed."""

    answered_s: list[float]
    confirmed_s: list[float]


def place_orders(shop: Shop, ada: Customer, sku: str, count: int) -> Run:
    """So many orders, one after the other; returns when all are confirmed."""
    begun: dict[str, float] = {}
    answered = []
    for _ in range(count):
        at = time.time()
        placed = ada.place(sku)
        answered.append(placed.seconds)
        begun[placed.json()["order_id"]] = at
        time.sleep(max(0.0, _PACE_S - placed.seconds))
    statement = "SELECT order_id, ended_at FROM customer_order WHERE status = 'confirmed'"

    def ended() -> dict[str, datetime]:
        return {str(k): v for k, v in shop.rows("orders", statement) if isinstance(v, datetime)}

    wait_for(lambda: begun.keys() <= ended().keys(), 60, "all orders are confirmed")
    time.sleep(1)  # mails
    at_end = ended()
    return Run(answered, [at_end[order].timestamp() - at for order, at in begun.items()])


def spent(count: Callable[[], Counter[str]], during: Callable[[], object]) -> Counter[str]:
    """What is counted during the work, without what an idle shop counts in as much time."""
    before, began = count(), time.monotonic()
    during()
    after, took = count(), time.monotonic() - began
    idle_before, idle_s = count(), min(took, 10.0)
    time.sleep(idle_s)
    idle = count()
    idle.subtract(idle_before)
    after.subtract(before)
    return Counter({name: after[name] - idle[name] * took / idle_s for name in after})


def cpu_ms(shop: Shop) -> Counter[str]:
    """CPU time of each program, and of PostgreSQL, with their children, so far."""
    pids = {label: program.pid for label, program in shop.programs.items()}
    pids["PostgreSQL"] = shop.ground.postgres.pid
    found: Counter[str] = Counter()
    for label, pid in pids.items():
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for process in family:
            times = process.cpu_times()
            found[label] += round((times.user + times.system) * 1000)
    return found


def statements(shop: Shop) -> Counter[str]:
    """Statements and transactions of each database so far, as PostgreSQL has logged them."""
    found: Counter[str] = Counter()
    for database, verb in _LOGGED.findall(shop.ground.postgres_log.read_bytes()):
        name, word = database.decode(), verb.decode().upper()
        if word not in _AROUND:
            found[name] += 1
    return found


def messages(shop: Shop) -> Counter[str]:
    """Events and jobs of each service so far."""
    found: Counter[str] = Counter()
    for service in SERVICES:
        for table in ("feed", "job"):
            ((count,),) = shop.rows(service, f"SELECT count(*) FROM {table}")
            found[f"{service} {table}"] = int(str(count))
    return found


def log_statements(shop: Shop, *, on: bool) -> None:
    """Have PostgreSQL log each statement with its database; it slows everything down."""
    settings = {"log_statement": "all" if on else "none", "log_line_prefix": "@%d "}
    with psycopg.connect(shop.ground.postgres.superuser_dsn(), autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute("SELECT pg_reload_conf()")
    time.sleep(0.5)


def measure(shop: Shop, count: int) -> None:
    """Print what an order costs in this shop."""
    admin, ada = Customer(shop, admin=True), Customer(shop)
    sku = stock(shop, admin, 100_000)
    place_orders(shop, ada, sku, 20)
    runs: list[Run] = []
    told = messages(shop)
    cpu = spent(lambda: cpu_ms(shop), lambda: runs.append(place_orders(shop, ada, sku, count)))
    now = messages(shop)
    now.subtract(told)
    log_statements(shop, on=True)
    few = min(count, 30)
    sql = spent(lambda: statements(shop), lambda: place_orders(shop, ada, sku, few))
    log_statements(shop, on=False)
    _print("answered, ms", _percentiles(runs[0].answered_s))
    _print("confirmed, ms", _percentiles(runs[0].confirmed_s))
    _print("CPU, ms an order", _each(cpu, count))
    _print("SQL statements an order", _each(sql, few))
    _print("events and jobs an order", _each(now, count))


def _percentiles(seconds: list[float]) -> Mapping[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": cuts[49] * 1000, "p95": cuts[94] * 1000, "most": max(seconds) * 1000}


def _each(counted: Counter[str], orders: int) -> Mapping[str, float]:
    each = {name: total / orders for name, total in counted.items() if abs(total) >= orders / 20}
    return {**each, "together": sum(each.values())}


def _print(what: str, values: Mapping[str, float]) -> None:
    print(f"| {what} | " + ", ".join(f"{k} {v:.1f}" for k, v in values.items()) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m e2e.cost")
    parser.add_argument("--orders", type=int, default=100)
    count = parser.parse_args().orders
    for title, kind in (("processes", Shop), ("one process", ShopTogether)):
        with tempfile.TemporaryDirectory() as folder, kind(Path(folder), durable=True) as shop:
            print(f"\n| {title} | |\n|---|---|")
            measure(shop, count)


if __name__ == "__main__":
    main()
