"""Buyers who all come at once. `python -m services.catalog.tests.rush 50` shows 50 such runs."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Lock, Thread

from sqlalchemy import text

from contracts.catalog import v1 as catalog
from contracts.shared.ids import Sku
from libs.access import ServiceTokens
from libs.access.keys import load_private, new_key
from libs.client import Api, Peers
from libs.db import Database
from libs.messaging import Messages
from libs.operations.errors import Unavailable
from libs.testing import AnyToken, Servers, as_service, as_user, connect, nowhere
from services.catalog.app import create_app
from services.catalog.deps import NAME, PEERS, Deps
from services.catalog.tests.conftest import ADMIN, MUG, a_product, an_order, reserve

Answer = catalog.Reservation | catalog.OutOfStock | catalog.UnknownLine | catalog.ReservationEnded


def all_at_once(work: Sequence[Callable[[], None]]) -> None:
    """Do each in a thread of its own, all beginning together; raises what one of them raised."""
    together = Barrier(len(work))
    failures: list[BaseException] = []

    def run(one: Callable[[], None]) -> None:
        together.wait()
        try:
            one()
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def rush(buyer: Api, orders: Sequence[catalog.ReserveStock]) -> list[Answer]:
    """What each order gets when all are sent at once. Who is told to come back does, as the saga
    does: the request may be repeated."""
    answers: list[Answer] = []
    guard = Lock()

    def buy(order: catalog.ReserveStock) -> None:
        ends = time.monotonic() + 30
        while True:
            try:
                answer = buyer.attempt(order)
                break
            except Unavailable:
                if time.monotonic() > ends:
                    raise
                time.sleep(random.uniform(0.01, 0.1))
        with guard:
            answers.append(answer)

    all_at_once([lambda order=order: buy(order) for order in orders])  # type: ignore[misc]  # one each
    return answers


def deadlocks(deps: Deps) -> int:
    """How often PostgreSQL had to end two transactions that waited for each other."""
    with deps.messages.database.transaction() as session:
        session.execute(text("SELECT pg_stat_force_next_flush()"))
        counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(session.scalar(counted) or 0)


def run_many(runs: int) -> int:
    """Print what each run sold; 1 when one sold other than 100."""
    bad = 0
    with Servers() as servers, servers.database(NAME) as made, TemporaryDirectory() as folder:
        key = Path(folder) / "catalog.pem"
        key.write_bytes(new_key()[0])
        connections = Database(made.app_url, service=NAME, pool_size=16, checkout_wait_s=20)
        deps = Deps(
            messages=Messages(NAME, connections, servers.valkey.url),
            access=AnyToken(),
            peers=Peers(NAME, PEERS, nowhere("orders"), ServiceTokens(NAME, load_private(key))),
            hold=timedelta(minutes=15),
            look_again=timedelta(minutes=1),
        )
        app = create_app(deps)
        admin = connect(app, user=as_user(ADMIN, admin=True))
        buyer = connect(app, service=as_service("orders"))
        for run in range(runs):
            sku = Sku(f"{MUG}-{run}")
            admin.send(a_product(sku))
            admin.send(catalog.ChangeStock(sku=sku, units=100), key=f"run {run}")
            began = time.perf_counter()
            orders = [reserve(an_order(run * 1000 + n), (sku, 1)) for n in range(200)]
            kinds = Counter(type(answer).__name__ for answer in rush(buyer, orders))
            seconds = time.perf_counter() - began
            left = admin.send(catalog.GetProduct(sku=sku)).units_left
            print(f"run {run + 1}: {dict(kinds)}, {left} left, {seconds:.2f} s")
            bad += kinds != {"Reservation": 100, "OutOfStock": 100} or left != 0
        with connections.transaction() as session:
            drift = session.execute(text("SELECT count(*) FROM stock_drift")).scalar_one()
        print(f"{runs} runs, {bad} bad, {drift} drifting, {deadlocks(deps)} deadlocks")
        connections.close()
    return 1 if bad or drift else 0


if __name__ == "__main__":
    sys.exit(run_many(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
