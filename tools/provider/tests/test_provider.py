"""The simulator as a process: what it answers, what it keeps, how it misbehaves."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from libs.servers import free_port
from tools.provider.ledger import Entry, Ledger
from tools.provider.webhooks import sign

API_KEY, SECRET = "sk_for_tests_0000", "whsec_for_tests_0000"
WISH: dict[str, object] = {
    "order_id": "ord_1",
    "cents": 1250,
    "currency": "EUR",
    "payment_method": "pm_card_visa",
}


class Hearer:
    """Takes webhooks; answers `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.heard: list[tuple[bytes, str]] = []
        hearer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hearer.heard.append((body, self.headers["Stripe-Signature"]))
                self.send_response(hearer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/provider"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        until = time.monotonic() + 10
        while len(self.heard) < count and time.monotonic() < until:
            time.sleep(0.02)
        return [json.loads(body) for body, _ in self.heard]


class Simulator:
    """The simulator as a process of its own, as `./dev` runs it."""

    def __init__(self, data: Path, webhook_url: str) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", "tools.provider", "--data", str(data)]
        self._command += ["--http", f"127.0.0.1:{self.port}", "--webhook-url", webhook_url]
        self.start()

    def start(self) -> None:
        variables = {"PROVIDER_API_KEY": API_KEY, "PROVIDER_WEBHOOK_SECRET": SECRET}
        path = os.pathsep.join(filter(None, sys.path))
        self.process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, **variables},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith(b"provider: http://")
        self.process.stdout.close()

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        **headers: str,
    ) -> tuple[int, Any]:
        timeout_s = 0.5 if headers.get("Prefer") == "hurry" else 10
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        said = {"Content-Type": "application/json", "Authorization": f"Bearer {API_KEY}"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, content, said)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith(b"{") else text

    def capture(self, key: str, **changes: object) -> tuple[int, Any]:
        return self.ask("POST", "/v1/captures", WISH | changes, Idempotency_Key=key)

    def refund(self, key: str, capture: str, **changes: object) -> tuple[int, Any]:
        wish = WISH | {"capture": capture} | changes
        return self.ask("POST", "/v1/refunds", wish, Idempotency_Key=key)

    def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.ask("GET", "/ledger")[1]["entries"]
        return entries

    def control(self, **faults: object) -> None:
        assert self.ask("POST", "/control", faults)[0] == 200


@pytest.fixture
def hearer() -> Iterator[Hearer]:
    hearer = Hearer()
    yield hearer
    hearer.server.shutdown()


@pytest.fixture
def simulator(tmp_path: Path, hearer: Hearer) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path, hearer.url)
    yield simulator
    simulator.end(signal.SIGKILL)


def test_a_key_is_one_wish_however_often_it_is_asked(simulator: Simulator) -> None:
    first = simulator.capture("k")
    again = simulator.capture("k")
    other_wish = simulator.capture("k", cents=1)

    assert first == again
    assert first[0] == 200
    assert other_wish[0] == 422
    assert [entry["key"] for entry in simulator.ledger()] == ["k"]


def test_a_declined_card_stays_declined_under_its_key(simulator: Simulator) -> None:
    declined = simulator.capture("k", payment_method="pm_card_chargeDeclined")
    again = simulator.capture("k", payment_method="pm_card_chargeDeclined")

    assert declined == again == (402, {"status": "declined", "reason": "Your card was declined."})
    assert [entry["kind"] for entry in simulator.ledger()] == ["decline"]


def test_a_card_that_nobody_issued_is_declined(simulator: Simulator) -> None:
    status, answer = simulator.capture("k", payment_method="pm_of_a_stranger")

    assert status == 402
    assert "pm_of_a_stranger" in answer["reason"]


def test_a_capture_is_given_back_whole_and_once(simulator: Simulator) -> None:
    reference = simulator.capture("c")[1]["reference"]

    assert simulator.refund("r", "pi_unknown")[0] == 404
    assert simulator.refund("r", reference, cents=1)[0] == 400
    assert simulator.refund("r", reference)[0] == 200
    assert simulator.refund("r", reference)[0] == 200
    assert simulator.refund("other", reference)[0] == 409
    assert [entry["kind"] for entry in simulator.ledger()] == ["capture", "refund"]


def test_the_ledger_survives_a_kill(simulator: Simulator) -> None:
    first = simulator.capture("k")
    before = simulator.ledger()

    simulator.end(signal.SIGKILL)
    simulator.start()

    assert simulator.ledger() == before
    assert simulator.capture("k") == first


def test_half_a_line_of_a_killed_process_costs_no_other_entry(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    wish: dict[str, Any] = WISH
    Ledger(file).capture("k", **wish)
    with file.open("a") as opened:
        opened.write('{"kind": "capture", "key": "torn')

    kept, _ = Ledger(file).capture("new", **wish)

    assert isinstance(kept, Entry)
    assert [entry.key for entry in Ledger(file).entries()] == ["k", "new"]


def test_told_to_fail_it_grants_nothing(simulator: Simulator) -> None:
    simulator.control(fail_next=2, status=500)

    statuses = [simulator.capture("k")[0] for _ in range(3)]

    assert statuses == [500, 500, 200]
    assert len(simulator.ledger()) == 1


def test_told_to_hang_up_it_has_granted_before(simulator: Simulator) -> None:
    simulator.control(fail_next=1, drop=True)

    with pytest.raises((http.client.HTTPException, OSError)):
        simulator.capture("k")

    (entry,) = simulator.ledger()
    assert simulator.capture("k") == (200, {"status": "captured", "reference": entry["reference"]})


def test_told_to_be_slow_it_charges_who_gave_up(simulator: Simulator) -> None:
    simulator.control(fail_next=1, delay_s=30)

    with pytest.raises(TimeoutError):
        simulator.ask("POST", "/v1/captures", WISH, Prefer="hurry", Idempotency_Key="k")

    assert [entry["key"] for entry in simulator.ledger()] == ["k"]
    assert simulator.capture("k")[0] == 200


def test_it_refuses_faults_that_it_does_not_know(simulator: Simulator) -> None:
    assert simulator.ask("POST", "/control", {"explode": True})[0] == 400
    assert simulator.ask("POST", "/control", {"delay_s": -1})[0] == 400
    assert simulator.ask("POST", "/control", {"status": 200})[0] == 400
    assert simulator.ask("POST", "/control", {"fail_next": True})[0] == 400


def test_each_entry_is_told_once_with_a_signature(simulator: Simulator, hearer: Hearer) -> None:
    simulator.capture("c")
    simulator.capture("c")
    simulator.capture("d", order_id="ord_2", payment_method="pm_card_chargeDeclined")

    events = {event["type"]: event["data"]["object"] for event in hearer.wait_for(2)}

    captured, failed = events["payment_intent.succeeded"], events["payment_intent.payment_failed"]
    assert captured["metadata"] == {"order_id": "ord_1"}
    assert (captured["amount"], captured["currency"]) == (1250, "eur")
    assert failed["last_payment_error"]["message"] == "Your card was declined."
    assert len(hearer.heard) == 2
    for body, header in hearer.heard:
        assert header == sign(body, SECRET, at=int(header[2:].partition(",")[0]))


def test_webhooks_come_late_and_again_when_told_so(simulator: Simulator, hearer: Hearer) -> None:
    simulator.control(webhook_delay_s=0.5, webhook_repeats=2)

    simulator.capture("c")

    assert hearer.heard == []
    ids = [event["id"] for event in hearer.wait_for(3)]
    assert len(ids) == 3
    assert len(set(ids)) == 1


def test_a_webhook_that_nobody_takes_is_told_again(simulator: Simulator, hearer: Hearer) -> None:
    hearer.status = 503

    simulator.capture("c")
    hearer.wait_for(1)
    hearer.status = 200

    assert len(hearer.wait_for(2)) == 2


@pytest.mark.parametrize(
    "wish",
    [
        {"cents": 0},
        {"cents": -5},
        {"cents": True},
        {"cents": "12"},
        {"order_id": ""},
        {"currency": ""},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    simulator: Simulator, wish: dict[str, object]
) -> None:
    assert simulator.capture("k", **wish)[0] == 400
    assert simulator.ledger() == []


def test_strangers_move_no_money(simulator: Simulator) -> None:
    def capture(**headers: str) -> int:
        return simulator.ask("POST", "/v1/captures", WISH, Idempotency_Key="k", **headers)[0]

    assert capture(Authorization="Bearer sk_guessed") == 401
    assert capture(Content_Type="text/plain") == 400
    assert capture(Host="evil.example") == 421
    assert simulator.ledger() == []


def test_the_page_and_the_probes_answer(simulator: Simulator) -> None:
    status, page = simulator.ask("GET", "/")

    assert status == 200
    assert b"<title>Payments ledger</title>" in page
    assert b"{{nonce}}" not in page
    assert simulator.ask("GET", "/livez")[0] == simulator.ask("GET", "/readyz")[0] == 200
    assert simulator.end(signal.SIGTERM) == 0
    simulator.start()
