"""Payments and its provider, with every fault that the provider knows, and cancellations at any
moment: what is in the ledger is what the service says, and nobody pays twice."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from sqlalchemy import text

from contracts.orders import v1 as orders
from contracts.payments.v1 import State
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from libs.access import ServiceTokens
from libs.access.keys import load_private, new_key
from libs.client import Outbound, Peers
from libs.db import Database
from libs.db.ids import new_id
from libs.messaging import Messages, Worker
from libs.testing import AnyToken, Servers, nowhere
from services.payments import services
from services.payments.app import create_app
from services.payments.deps import NAME, PEERS, Deps
from services.payments.jobs import jobs
from services.payments.providers.simulator import SimulatorProvider
from tools.provider.faults import Control
from tools.provider.ledger import Ledger
from tools.provider.web import web_server
from tools.provider.webhooks import Herald

API_KEY, SECRET = "sk_of_this_test_0000", "whsec_of_this_test_0000"
ADA = UserId(new_id("usr"))
ORDERS = 60
# Of one request each; in between the provider is well.
FAULTS: tuple[dict[str, object], ...] = (
    {"status": 500},
    {"status": 429},
    {"status": 503, "delay_s": 0.3},
    {"status": 0, "drop": True},
    {"status": 0, "delay_s": 1.0},  # longer than we wait: granted, and nobody hears of it
)
DEADLINE_S = 0.6


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class World:
    """Payments with its worker, and the simulator; both talk over sockets."""

    deps: Deps
    ledger: Ledger
    control: Control

    def place(self, order_id: OrderId, payment_method: str) -> None:
        placed = orders.OrderPlaced(
            order_id=order_id,
            user_id=ADA,
            total=Money(cents=1000),
            payment_method=payment_method,
        )
        with self.deps.messages.transaction() as tx:
            services.request(tx, placed)

    def cancel(self, order_id: OrderId) -> None:
        with self.deps.messages.transaction() as tx:
            services.call_off(tx, order_id, ADA)

    def rows(self, statement: str) -> list[tuple[str, str]]:
        with self.deps.messages.database.transaction() as session:
            return [(str(a), str(b)) for a, b in session.execute(text(statement))]

    def wait_until_settled(self) -> None:
        until = time.monotonic() + 40
        while time.monotonic() < until:
            open_jobs = self.rows("SELECT name, key FROM job WHERE state <> 'done'")
            if not open_jobs:
                return
            time.sleep(0.1)
        raise AssertionError(open_jobs)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as ends:
        servers = ends.enter_context(Servers())
        made = ends.enter_context(servers.database(NAME))
        ledger, control = Ledger(tmp_path / "ledger.jsonl"), Control()
        # Payments' port is known before payments is: its server is made with the app put in later.
        web = _Server(("127.0.0.1", 0), _Silent)
        herald = Herald(f"http://127.0.0.1:{web.server_port}/webhooks/provider", SECRET, control)
        provider = web_server(ledger, control, herald, api_key=API_KEY, host="127.0.0.1", port=0)
        key = tmp_path / "payments.pem"
        key.write_bytes(new_key()[0])
        url = f"http://127.0.0.1:{provider.server_address[1]}"
        deps = Deps(
            messages=Messages(NAME, Database(made.app_url, service=NAME), servers.valkey.url),
            access=AnyToken(),
            peers=Peers(NAME, PEERS, nowhere("orders"), ServiceTokens(NAME, load_private(key))),
            provider=SimulatorProvider(
                Outbound(NAME, "simulator", url, deadline_s=DEADLINE_S), API_KEY
            ),
            webhook_secrets=(SECRET,),
        )
        web.set_app(create_app(deps))
        for server in (web, provider):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ends.callback(server.shutdown)
        worker = Worker(deps.messages, deps, jobs=jobs)
        worker.start()
        ends.callback(worker.stop, 10)
        ends.callback(herald.stop)
        yield World(deps, ledger, control)


def test_nobody_pays_twice_or_for_nothing_whatever_the_provider_does(world: World) -> None:
    chance = random.Random(20261122)
    world.control.set({"webhook_repeats": 2})
    placed = [OrderId(new_id("ord")) for _ in range(ORDERS)]
    declined = {order_id for order_id in placed if chance.random() < 0.2}
    timers = []

    for order_id in placed:
        world.place(order_id, "pm_card_chargeDeclined" if order_id in declined else "pm_card_visa")
        if chance.random() < 0.4:
            timers.append(
                threading.Timer(chance.choice((0.0, 0.01, 0.1, 1.0)), world.cancel, [order_id])
            )
            timers[-1].start()
        if chance.random() < 0.3:
            clean: dict[str, object] = {"fail_next": 1, "delay_s": 0.0, "drop": False}
            late = {"webhook_delay_s": chance.choice((0.0, 0.2, 2.0))}
            world.control.set(clean | chance.choice(FAULTS) | late)
        time.sleep(0.03)
    for timer in timers:
        timer.join()
    world.wait_until_settled()

    states = dict(world.rows("SELECT order_id, state FROM payment"))
    told = Counter(world.rows("SELECT key, split_part(type, '.', 2) FROM feed"))
    ledger: dict[str, list[str]] = {name: [] for name in placed}
    for entry in world.ledger.entries():
        ledger[entry.order_id].append(entry.kind)
    assert states.keys() == set(placed)
    assert set(told.values()) == {1}
    for name, state in states.items():
        moved = [kind for kind in ledger[name] if kind != "decline"]
        facts = {fact for key, fact in told if key == name}
        match State(state):
            case State.CAPTURED:
                assert (moved, facts) == (["capture"], {"payment_captured"})
            case State.REFUNDED:
                assert moved == ["capture", "refund"]
                assert "payment_refunded" in facts
            case State.DECLINED:
                assert (moved, facts) == ([], {"payment_declined"})
            case State.ABANDONED:
                assert (moved, facts) == ([], set())
            case unsettled:
                raise AssertionError(f"{name} is {unsettled}")
    assert set(states.values()) >= {"captured", "refunded", "declined"}
