import os
import signal
import socket
import time
from pathlib import Path

from libs.servers import Valkey


def say(server: Valkey, *words: str) -> str:
    """One command over the wire, answered in one line."""
    parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"*%d\r\n%s" % (len(words), parts))
        return connection.makefile("rb").readline().decode().strip()


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "queue").start()
    url = server.url
    for number in range(50):
        assert say(server, "RPUSH", "jobs", str(number)) == f":{number + 1}"

    os.kill(server.pid, signal.SIGKILL)
    while server.alive:
        time.sleep(0.01)
    server.start()

    assert server.url == url
    assert say(server, "LLEN", "jobs") == ":50"
    server.stop()
    with Valkey(tmp_path / "queue") as again:
        assert say(again, "LLEN", "jobs") == ":50"


def test_a_full_server_refuses_and_forgets_nothing() -> None:
    with Valkey() as server:
        say(server, "SET", "kept", "yes")
        say(server, "CONFIG", "SET", "maxmemory", "1")

        refused = say(server, "SET", "more", "x")

        assert refused.startswith("-OOM")
        assert say(server, "EXISTS", "kept") == ":1"


def test_stopping_twice_is_no_error() -> None:
    server = Valkey().start()

    server.stop()
    server.stop()

    assert not server.alive
