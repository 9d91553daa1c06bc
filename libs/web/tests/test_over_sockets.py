"""The real server, asked over sockets by clients that do as they like."""

from __future__ import annotations

import re
import signal
import threading
import time
from pathlib import Path

import pytest

from libs.testing import shop
from libs.web.tests.running import Answered, Running, receive, request, shop_running

ASK = "/api/v1/questions"
SECRET = "hunter2hunter2"


def is_problem(said: Answered, *statuses: int) -> bool:
    """Whether it is a problem of one of these statuses, at once, that shows nothing."""
    assert said.status in statuses, (said.status, said.body)
    assert said.headers["content-type"] == "application/problem+json"
    assert said.json["status"] == said.status
    assert re.fullmatch(r"[0-9a-f]{32}", said.json["trace_id"])
    assert said.json["type"] and said.json["title"]
    assert b"Traceback" not in said.body and SECRET.encode() not in said.body
    assert len(said.body) < 10_000
    assert said.took_s < 0.1, said.took_s
    return True


BODIES = {
    "nested": b'{"words": ' + b"[" * 100_000,
    "nested-objects": b'{"a":' * 100_000,
    "nan": b'{"parcel": {"things": [{"sku": "a", "price": {"cents": NaN}}]}}',
    "infinity": b'{"parcel": {"things": [{"sku": "a", "price": {"cents": Infinity}}]}}',
    "2^63": b'{"parcel": {"things": [{"sku": "a", "price": {"cents": 9223372036854775808}}]}}',
    "1e999": b'{"parcel": {"things": [{"sku": "a", "price": {"cents": 1e999}}]}}',
    "huge-number": b'{"parcel": {"things": [{"sku": "a", "price": {"cents": '
    + b"9" * 5000
    + b"}}]}}",
    "nul": b'{"words": "a\\u0000b"}',
    "raw-nul": b'{"words": "a\0b"}',
    "lone-surrogate": b'{"words": "\\ud800"}',
    "no-utf8": b'{"words": "\xff\xfe"}',
    "no-json": b"words=" + SECRET.encode(),
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "unknown-field": b'{"words": "x", "' + SECRET.encode() + b'x": 1}',
    "wrong-type": b'{"words": ["' + SECRET.encode() + b'"]}',
    "many-faults": b'{"words": "", ' + b",".join(b'"%d": 1' % n for n in range(5000)) + b"}",
    "bom": b'\xef\xbb\xbf{"words": "x"}',
    "trailing": b'{"words": "x"} {}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_wrong_is_refused_at_once(running: Running, name: str) -> None:
    body = BODIES[name]
    target = "/api/v1/parcels" if b"parcel" in body or name == "empty" else ASK

    said = running.ask("POST", target, body=body)

    if name == "unknown-field":
        assert said.status == 422
        return  # the name of a field is repeated: it is how the client finds it
    assert is_problem(said, 400, 422)


def test_a_password_that_is_too_short_is_not_repeated(running: Running) -> None:
    body = b'{"parcel": {"things": []}, "password": {"value": "hunter2hunter2"}}'

    said = running.ask("POST", "/api/v1/parcels", body=body)

    assert is_problem(said, 422)
    assert said.json["errors"][0]["pointer"] == "/password"


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/things/../../etc/passwd",
        "/api/v1/things/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/api/v1/things/%2e%2e",
        "/api/v1/things/..",
        "/api/v1/things/%00",
        "/api/v1/things/%ff%fe",
        "/api/v1/things/%zz",
        "/api/v1/things/%ed%a0%80",
        "/api/v1/things/" + "x" * 500,
        "/api/v1/things//",
        "/api/v1/things/",
        "/api/v1//things/mug",
        "//api/v1/things/mug",
        "/API/v1/things/mug",
        "/api/v1/things/mug/",
        "/api/v1/things/a/b",
        "/api/v1/things?colour=red&colour=blue",
        "/api/v1/things?nonsense=" + SECRET,
        "/api/v1/things?most_cents=9223372036854775808",
        "/api/v1/things?most_cents=1e3",
        "/api/v1/things?most_cents=" + "9" * 3000,
        "/api/v1/things?tag=%00",
        "/api/v1/things?tag=%ff",
        "/api/v1/things?tag=%",
        "/api/v1/things?tag=%u0041",
        "/api/v1/things?" + "tag=a&" * 200,
        "/api/v1/things?tag=" + "a" * 10_000,
        "/problems/../../etc/passwd",
        "/problems/shop/nothing",
        "/static/../app.py",
        "*",
        "shop",
        "http://shop:99999/api/v1/things?colour=no",
    ],
    ids=lambda target: target[:40],
)
def test_an_address_that_is_wrong_is_refused_at_once(running: Running, target: str) -> None:
    assert is_problem(running.ask("GET", target), 400, 404, 414, 422)


@pytest.mark.parametrize(
    "sent",
    [
        b"rubbish\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization : Bearer hunter2hunter2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        b"POST /api/v1/questions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=lambda sent: str(sent[:30]),
)
def test_bytes_that_are_no_request_get_a_problem_and_not_a_page(
    running: Running, sent: bytes
) -> None:
    assert is_problem(running.raw(sent), 400, 404, 414, 431)


def test_what_was_refused_is_logged_without_what_was_sent(running: Running) -> None:
    running.raw(b"GET / HTTP/1.1\r\nAuthorization : Bearer hunter2hunter2\r\n\r\n")
    time.sleep(0.1)

    assert any("request refused 400" in line["event"] for line in running.log())
    assert SECRET not in running.output.read_text()


def test_a_client_that_stays_after_its_mistake_keeps_nobody_waiting(running: Running) -> None:
    stubborn = [running.connect() for _ in range(4)]
    for connection in stubborn:
        connection.sendall(b"rubbish\r\n\r\n")

    took = [running.ask("GET", "/livez").took_s for _ in range(8)]

    assert max(took) < 0.7
    for connection in stubborn:
        connection.close()


@pytest.mark.parametrize("target", [ASK, "/nowhere", "/api/v1/things/mug"])
def test_a_body_of_two_megabytes_is_refused_also_when_all_of_it_is_sent_first(
    running: Running, target: str
) -> None:
    expected = 413 if target == ASK else 404 if target == "/nowhere" else 405

    said = running.ask("POST", target, body=b'"' + b"x" * 2_000_000 + b'"')

    assert is_problem(said, expected)


def test_a_body_in_chunks_has_the_same_limit(running: Running) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    head = request("POST", ASK, "Transfer-Encoding: chunked", "Content-Type: application/json")

    said = running.raw(head + chunk * 32 + b"0\r\n\r\n")

    assert is_problem(said, 413)
    assert said.json["limit_bytes"] == 1024 * 1024


def test_a_body_in_chunks_is_read_like_any_other(running: Running) -> None:
    head = request("POST", ASK, "Transfer-Encoding: chunked", "Content-Type: application/json")

    said = running.raw(head + b'5\r\n{"wor\r\n8\r\nds":"x"}\r\n0\r\n\r\n')

    assert said.json == {"words": "x"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "a", ""])
def test_a_body_of_another_kind_is_unsupported(running: Running, kind: str) -> None:
    said = running.ask("POST", ASK, f"Content-Type: {kind}", body=b'{"words": "x"}')

    assert is_problem(said, 415)


@pytest.mark.parametrize("left", ["-1", "1.5", "", "abc", "9" * 20, "1,2", "\u0661"])
def test_a_deadline_that_is_no_number_is_refused(running: Running, left: str) -> None:
    assert is_problem(running.ask("GET", "/api/v1/things/mug", f"Deadline-Ms: {left}"), 400)


def test_no_time_left_is_503(running: Running) -> None:
    said = running.ask("GET", "/api/v1/things/mug", "Deadline-Ms: 0")

    assert is_problem(said, 503)
    assert said.headers["retry-after"] == "1"


def test_another_method_is_told_which_there_are(running: Running) -> None:
    for method in ("POST", "OPTIONS", "TRACE", "BREW"):
        said = running.ask(method, "/api/v1/things/mug", body=b"")

        assert is_problem(said, 405)
        assert said.headers["allow"] == "DELETE, GET, HEAD, PUT"


def test_head_has_the_headers_and_no_body(running: Running) -> None:
    with running.connect() as connection:
        for target, status in (("/api/v1/things/mug", 200), ("/livez", 200), ("/nowhere", 404)):
            connection.sendall(request("HEAD", target))
            said = receive(connection, 0, method="HEAD")
            assert (said.status, said.body) == (status, b"")
            assert int(said.headers["content-length"]) > 0
        connection.sendall(request("GET", "/livez"))
        assert receive(connection, 0).json == {"status": "alive"}


@pytest.mark.parametrize(
    "header",
    [
        "X-User-Id: usr_1",
        "X-User: admin",
        "X-Forwarded-User: admin",
        "Remote-User: admin",
        "X_User: admin",
        "Script-Name: /admin",
        "SCRIPT_NAME: /admin",
        "X-Forwarded-For: 10.0.0.1",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.example",
        "Path-Info: /admin",
    ],
)
def test_what_outsiders_claim_about_themselves_changes_nothing(
    running: Running, header: str
) -> None:
    assert is_problem(running.ask("GET", "/api/v1/greeting", header), 401)
    assert running.ask("GET", "/api/v1/things/mug", header).status == 200


def test_two_tokens_are_none(running: Running) -> None:
    one, two = f"Authorization: Bearer user:{shop.ADA}", "Authorization: Bearer admin:x"

    assert running.ask("GET", "/api/v1/greeting", one).status == 200
    assert running.ask("GET", "/api/v1/greeting", one, two).status in (400, 401, 200)
    assert b"Admin" not in running.ask("GET", "/api/v1/greeting", one, two).body


@pytest.mark.parametrize("target", ["/api/v1/things/mug", "/nowhere", "/api/v1/things/%zz"])
def test_a_requests_id_comes_back_and_nothing_else_with_it(running: Running, target: str) -> None:
    good = running.ask("GET", target, "X-Request-Id: a-7:B_2.c")
    bad = running.ask("GET", target, "X-Request-Id: <script>")
    long = running.ask("GET", target, "X-Request-Id: " + "x" * 100)

    assert good.headers["x-request-id"] == "a-7:B_2.c"
    assert "x-request-id" not in bad.headers and "x-request-id" not in long.headers
    assert good.headers["cache-control"] == "no-store"
    assert good.headers["x-content-type-options"] == "nosniff"


def test_a_trace_is_continued_into_problems(running: Running) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    for target in ("/nowhere", "/api/v1/things/none", "/api/v1/things/%zz"):
        said = running.ask("GET", target, f"Traceparent: 00-{trace}-00f067aa0ba902b7-01")

        assert said.json["trace_id"] == trace


def test_a_bug_is_logged_with_its_trace_and_without_secrets(running: Running) -> None:
    token = "user:" + "s3cr3t" * 4
    body = f'{{"words": "bug {token}"}}'.encode()

    said = running.ask("POST", "/api/v1/my/questions", f"Authorization: Bearer {token}", body=body)
    time.sleep(0.1)

    assert is_problem(said, 500)
    (line,) = [line for line in running.log() if line.get("trace_id") == said.json["trace_id"]]
    assert (line["event"], line["operation"], line["error"]) == ("bug", "AskAsUser", "ValueError")
    assert "ValueError: *** broke postgresql://***@db/shop" in line["exception"]
    assert "s3cr3t" not in running.output.read_text()


def test_a_hidden_field_of_a_request_is_not_logged(running: Running) -> None:
    body = b'{"parcel": {"things": []}, "password": "bug xyzzy42"}'

    said = running.ask("POST", "/api/v1/parcels", body=body)
    time.sleep(0.1)

    assert is_problem(said, 500)
    assert "bug xyzzy42" not in running.output.read_text()


def test_a_connection_is_kept_for_more_requests(running: Running) -> None:
    with running.connect() as connection:
        for _ in range(5):
            connection.sendall(request("GET", "/livez"))
            assert receive(connection, 0).status == 200
            time.sleep(0.05)


def test_requests_that_come_together_are_answered_in_their_order(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(request("GET", "/api/v1/things/a") + request("GET", "/api/v1/things/b"))

        first = receive(connection, 0)

        assert first.json["sku"] == "a"


def test_metrics_are_summed_over_the_workers_and_bounded(running: Running) -> None:
    def count() -> float:
        text = running.ask("GET", "/metrics").body.decode()
        (line,) = re.findall(
            r'concord_operation_duration_seconds_count\{operation="Ask",.*status="200"\} (.*)', text
        )
        return float(line)

    running.ask("POST", ASK, body=b'{"words": "x"}')
    before = count()
    for _ in range(40):
        running.ask("POST", ASK, body=b'{"words": "x"}')
    for number in range(40):
        running.ask("GET", f"/nowhere/{number}")
        running.ask("GET", f"/api/v1/things/{number}")

    assert count() == before + 40
    text = running.ask("GET", "/metrics").body.decode()
    assert "nowhere" not in text and "/things/" not in text


def test_probes_and_documents_answer(running: Running) -> None:
    ready = running.ask("GET", "/readyz")

    assert ready.json == {"status": "ready", "checks": {}}
    assert running.ask("GET", "/openapi.json").json["openapi"].startswith("3.1")
    page = running.ask("GET", "/problems/shop/no-such-thing")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"No such thing" in page.body


def test_sigterm_lets_requests_end_and_exits_with_0(tmp_path: Path) -> None:
    with shop_running(tmp_path) as server:
        answers: list[Answered] = []
        ask = threading.Thread(
            target=lambda: answers.append(
                server.once(request("POST", ASK, body=b'{"words": "sleep 0.8"}'))
            )
        )
        ask.start()
        time.sleep(0.3)

        server.process.send_signal(signal.SIGTERM)
        ask.join()

        assert answers[0].json == {"words": "sleep 0.8"}
        assert server.process.wait(10) == 0
        with pytest.raises(OSError):
            server.connect()
        server.log()  # JSON to the end
