"""The balancer sends nobody to an instance that says it is not ready, or that is not there."""

from __future__ import annotations

import contextlib
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.faults.balancer import Balancer


class Instance:
    """Says its name; ready as long as it is told to be."""

    def __init__(self, name: str) -> None:
        instance = self
        self.ready = True
        self.slow_s = 0.0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/readyz":
                    time.sleep(instance.slow_s)
                status = 503 if self.path == "/readyz" and not instance.ready else 200
                with contextlib.suppress(BrokenPipeError):  # who did not wait for it
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(name.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def names(balancer: Balancer, asked: int) -> Counter[str]:
    url = f"http://127.0.0.1:{balancer.port}/"
    answers = Counter[str]()
    for _ in range(asked):
        with urllib.request.urlopen(url, timeout=5) as answer:
            answers[answer.read().decode()] += 1
    return answers


def wait_for(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_two_instances_are_asked_in_turns_and_one_that_drains_no_more() -> None:
    one, two = Instance("one"), Instance("two")
    with Balancer((one.port, two.port)) as balancer:
        wait_for(lambda: len(balancer.ready) == 2)
        both = names(balancer, 10)
        one.ready = False
        wait_for(lambda: balancer.ready == {two.port})
        left = names(balancer, 10)
        one.ready = True
        wait_for(lambda: len(balancer.ready) == 2)
        again = names(balancer, 10)

    one.close()
    two.close()
    assert both == again == {"one": 5, "two": 5}
    assert left == {"two": 10}


def test_an_instance_that_is_gone_gets_nothing() -> None:
    one, two = Instance("one"), Instance("two")
    with Balancer((one.port, two.port)) as balancer:
        wait_for(lambda: len(balancer.ready) == 2)
        two.close()
        wait_for(lambda: balancer.ready == {one.port})

        assert names(balancer, 6) == {"one": 6}
    one.close()


def test_an_instance_that_is_slow_to_say_so_is_still_there() -> None:
    one = Instance("one")
    with Balancer((one.port,)) as balancer:
        wait_for(lambda: balancer.ready == {one.port})
        one.slow_s = 3.0
        time.sleep(1.5)  # one look at it ends in between, without an answer

        assert names(balancer, 2) == {"one": 2}
    one.close()
