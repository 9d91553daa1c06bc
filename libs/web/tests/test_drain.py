"""A web that is asked to end while it has work."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from libs.web.tests.running import Answered, Running, receive, request, shop_running

ASK = "/api/v1/questions"
TOLD = {"WEB_WORKERS": "1", "WEB_THREADS": "4"}


def asked(server: Running, words: str) -> Future[Answered]:
    """A request that is under way."""

    def ask() -> Answered:
        with server.connect() as connection:
            connection.sendall(request("POST", ASK, body=b'{"words": "%s"}' % words.encode()))
            return receive(connection, 0)

    return ThreadPoolExecutor(1).submit(ask)


def test_a_web_that_will_end_is_not_ready_but_still_serves(tmp_path: Path) -> None:
    with shop_running(tmp_path, DRAIN_S="2", **TOLD) as server, server.connect() as kept:
        kept.sendall(request("GET", "/livez"))
        assert receive(kept, 0).headers["connection"] == "keep-alive"

        server.process.terminate()
        time.sleep(0.5)
        ready, alive = server.once(request("GET", "/readyz")), server.once(request("GET", "/livez"))
        kept.sendall(request("GET", "/api/v1/things/mug"))
        last = receive(kept, 0)
        ended = server.process.wait(20)

    assert (ready.status, ready.json["status"], alive.status) == (503, "draining", 200)
    assert (last.status, last.headers["connection"]) == (200, "close")
    assert ended == 0


def test_what_is_under_way_when_the_pause_is_over_is_finished(tmp_path: Path) -> None:
    with shop_running(tmp_path, DRAIN_S="0.5", **TOLD) as server:
        slow = asked(server, "sleep 1.5")
        time.sleep(0.3)

        server.process.terminate()
        ended = server.process.wait(20)

    assert slow.result(10).json == {"words": "sleep 1.5"}
    assert ended == 0


def test_a_request_that_is_half_sent_when_the_web_ends_is_answered(tmp_path: Path) -> None:
    whole = request("POST", ASK, body=b'{"words": "x"}')
    with shop_running(tmp_path, **TOLD) as server, server.connect() as connection:
        connection.sendall(whole[:-5])
        time.sleep(0.2)

        server.process.terminate()
        time.sleep(0.5)
        connection.sendall(whole[-5:])
        said = receive(connection, 0)
        ended = server.process.wait(20)

    assert (said.status, said.headers["connection"], ended) == (200, "close", 0)


def test_a_connection_that_is_idle_at_the_end_may_still_ask_once(tmp_path: Path) -> None:
    with shop_running(tmp_path, **TOLD) as server, server.connect() as kept:
        kept.sendall(request("GET", "/livez"))
        receive(kept, 0)

        server.process.terminate()
        time.sleep(0.5)
        kept.sendall(request("GET", "/api/v1/things/mug"))
        said = receive(kept, 0)
        ended = server.process.wait(20)

    assert (said.status, said.headers["connection"], ended) == (200, "close", 0)


def test_without_connections_it_ends_at_once(tmp_path: Path) -> None:
    with shop_running(tmp_path, **TOLD) as server:
        server.ask("GET", "/livez")

        begun = time.monotonic()
        server.process.terminate()
        ended = server.process.wait(20)

    assert ended == 0
    assert time.monotonic() - begun < 10
