"""Things that run: each can be started, asked whether it is ready, and stopped."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from libs.servers import Postgres, Valkey
from tools.dev import processes
from tools.dev.processes import Known

# Longer than a worker takes to drain.
_STOP_PATIENCE_S = 27.0


class Unit(Protocol):
    """Used by one thread at a time."""

    def start(self, spawned: Callable[[int], None]) -> None:
        """Starts it; tells its pid at once. Raises ServerFailed or OSError if that can't be."""

    def is_ready(self) -> bool: ...

    def alive(self) -> bool: ...

    def stop(self) -> None:
        """Returns when it is gone. Safe to repeat."""


class Server:
    """PostgreSQL or a Valkey: its start returns when it is ready."""

    def __init__(self, server: Postgres | Valkey) -> None:
        self._server = server

    def start(self, spawned: Callable[[int], None]) -> None:
        self._server.start(spawned)

    def is_ready(self) -> bool:
        return self.alive()

    def alive(self) -> bool:
        return self._server.alive

    def stop(self) -> None:
        self._server.stop()


class Command:
    """A program of ours that answers `ready_url` with 200 when it is ready."""

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        *,
        folder: Path,
        environment: Callable[[], Mapping[str, str]],
        log: Path,
        ready_url: str,
        run_dir: Path | None = None,
        hurry: threading.Event | None = None,
    ) -> None:
        self._command = command
        self._folder = folder
        self._environment = environment
        self._log = log
        self._ready_url = ready_url
        self._run_dir = run_dir
        self._hurry = hurry
        self._popen: subprocess.Popen[bytes] | None = None
        self._known: Known | None = None

    def start(self, spawned: Callable[[int], None]) -> None:
        if self._run_dir is not None:
            shutil.rmtree(self._run_dir, ignore_errors=True)
            self._run_dir.mkdir(parents=True)
        with self._log.open("ab") as output:
            self._popen = subprocess.Popen(
                self._command(),
                cwd=self._folder,
                env=dict(self._environment()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops them in order
            )
        spawned(self._popen.pid)
        self._known = processes.known(self._popen.pid)

    def is_ready(self) -> bool:
        return answers(self._ready_url)

    def alive(self) -> bool:
        if self._popen is None:
            return False
        if self._popen.poll() is None:
            return True
        self._end_orphans()
        return False

    def stop(self) -> None:
        if self._popen is not None and self._popen.poll() is None and self._known:
            processes.end([self._known], signal.SIGTERM, _STOP_PATIENCE_S, self._hurry)
            self._popen.wait()
        self._end_orphans()
        if self._run_dir is not None:
            shutil.rmtree(self._run_dir, ignore_errors=True)

    def _end_orphans(self) -> None:
        """The children of a killed master would keep its port."""
        if self._popen is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen = None


_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a GET gets a 200 in time."""
    try:
        with _NO_PROXY.open(url, timeout=timeout_s) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, HTTPException, OSError, ValueError):
        return False
