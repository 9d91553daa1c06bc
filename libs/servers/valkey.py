"""A real Valkey on the loopback address."""

import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from libs.servers import _ports
from libs.servers._binaries import valkey_program
from libs.servers._process import Process, ServerFailed, tail

_START_S = 30.0
_POLL_S = 0.01
_STOP = ((signal.SIGTERM, 10.0),)


class Valkey:
    """One Valkey server; start it with `with` or `start()`, end it with `stop()`.

    It never evicts a key. `persistent`: what was acknowledged is in its append-only file within a
    second, so that kill -9 loses nothing and a power cut a second. `data` None is a temporary
    folder that goes with the server; `port` None is a free one, kept over restarts. The server is
    stopped when this program ends, killed with -9 included, unless it is `detached`.
    """

    def __init__(
        self,
        data: Path | None = None,
        port: int | None = None,
        persistent: bool = True,
        *,
        detached: bool = False,
        log: Path | None = None,
    ) -> None:
        if data is None and detached:
            raise ValueError("a detached server needs a folder that outlives this program")
        self._temporary = data is None
        self._data = data
        self._port = port
        self._persistent = persistent
        self._detached = detached
        self._log = log
        self._process: Process | None = None

    def start(self, spawned: Callable[[int], None] = lambda pid: None) -> Self:
        """Returns when the server answers; does nothing if it already does.

        `spawned` hears the process's number at once, before the server is ready. Raises
        ServerFailed if it can't start, with the end of its log."""
        if self.alive:
            return self
        data = self._folder()
        log = self._log or data / "valkey.log"
        attempts = 1 if self._port else 5
        for attempt in range(1, attempts + 1):
            port = self._port or _ports.free_port()
            try:
                self._launch(data, port, log, spawned)
            except ServerFailed:
                if attempt == attempts or _ports.is_free(port):
                    raise  # else somebody was faster with that port: try another
            else:
                self._port = port
                break
        return self

    def stop(self) -> None:
        """Returns when the server is gone. Safe to repeat."""
        if self._process is not None:
            self._process.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("this Valkey was not started")
        return self._process.pid

    @property
    def port(self) -> int:
        if self._port is None:
            raise RuntimeError("this Valkey has no port yet: start it first")
        return self._port

    @property
    def url(self) -> str:
        return f"redis://{_ports.HOST}:{self.port}/0"

    def _folder(self) -> Path:
        if self._data is None or (self._temporary and not self._data.exists()):
            self._data = Path(tempfile.mkdtemp(prefix="valkey-"))
        else:
            self._data.mkdir(parents=True, exist_ok=True)
        return self._data

    def _launch(self, data: Path, port: int, log: Path, spawned: Callable[[int], None]) -> None:
        settings = {
            "port": str(port),
            "bind": _ports.HOST,
            "dir": str(data.resolve()),
            "appendonly": "yes" if self._persistent else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        process = Process(
            [str(valkey_program()), *options],
            log=log,
            steps=_STOP,
            detached=self._detached,
            remove=self._data if self._temporary else None,
        )
        spawned(process.pid)
        patience_ends = time.monotonic() + _START_S
        while not _answers(port, process.pid):
            if not process.alive:
                raise ServerFailed(f"Valkey on port {port} stopped at once: {tail(log)}")
            if time.monotonic() > patience_ends:
                process.stop()
                raise ServerFailed(f"Valkey is not ready after {_START_S:g} s; see {log}")
            time.sleep(_POLL_S)
        self._process = process


def _answers(port: int, pid: int) -> bool:
    """Whether this very process has loaded its data; another one could hold the port."""
    try:
        with socket.create_connection((_ports.HOST, port), timeout=1) as connection:
            connection.sendall(b"INFO server\r\nINFO persistence\r\nQUIT\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return False
    return f"process_id:{pid}\r\n".encode() in answer and b"\r\nloading:0\r\n" in answer
