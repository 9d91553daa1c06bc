"""A fake as a program: it says what it serves, serves it, and ends when it is told to."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from libs.servers import free_port
from tools.dev.errors import Refusal
from tools.fake.serving import fake_of, serve_fakes

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def checkout(folder: Path) -> Iterator[Path]:
    """Services by name alone; their contracts come from the Python path."""
    for service in ("notifications", "orders"):
        (folder / "services" / service).mkdir(parents=True)
        (folder / "services" / service / "main.py").touch()
    (folder / "services" / "notifications" / "consumers.py").touch()
    (folder / "contracts" / "orders").mkdir(parents=True)
    (folder / "contracts" / "orders" / "v1.py").touch()
    yield folder


def test_a_fake_says_what_it_serves_answers_and_ends_well(tmp_path: Path) -> None:
    port = free_port()
    program = (
        "import sys; from pathlib import Path; from tools.fake.serving import serve_fakes;"
        f"serve_fakes(Path(sys.argv[1]), ['orders'], port={port})"
    )

    with (
        checkout(tmp_path) as root,
        subprocess.Popen(
            [sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as running,
    ):
        assert running.stdout is not None
        said = [next(running.stdout) for _ in range(10)]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/orders", timeout=10) as answer:
            listed = json.load(answer)
        running.send_signal(signal.SIGTERM)
        code = running.wait(timeout=20)

    assert said[0].startswith(f"fake orders  http://127.0.0.1:{port}")
    assert any("PlaceOrder" in line for line in said)
    assert any("curl" in line for line in said)
    assert len(listed["items"]) == 5
    assert code == 0


def test_a_port_that_is_taken_is_named_and_another_one_proposed(tmp_path: Path) -> None:
    with checkout(tmp_path) as root, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(Refusal, match=f"port {port} is taken.*--port"):
            serve_fakes(root, ["orders"], port=port)


@pytest.mark.parametrize(
    ("service", "why"),
    [("nobody", "there is no service nobody; there are notifications, orders"),
     ("notifications", "only listens")],
)  # fmt: skip
def test_what_cannot_be_faked_is_refused_in_a_sentence(
    tmp_path: Path, service: str, why: str
) -> None:
    with checkout(tmp_path) as root, pytest.raises(Refusal, match=why) as refused:
        fake_of(root, service, "1", None)

    assert refused.value.code == 2
