"""A program of ours as a process that a test can kill, stop and start again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path


class Program:
    """One process of ours, in a group of its own, so that -9 takes its children along."""

    def __init__(
        self,
        module: str,
        arguments: tuple[str, ...],
        env: Mapping[str, str],
        log: Path,
        *ready_urls: str,
    ) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._env = dict(env)
        self.log = log
        self._ready_urls = ready_urls
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns at once."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the whole group and wait until it is gone."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(self._process.pid, number)
            self._process.wait(timeout=30)
            self._process = None

    def kill_and_start(self) -> None:
        """What a supervisor does about a process that was killed."""
        self.kill()
        self.start()

    def signal(self, number: int) -> None:
        """Send the whole group a signal that it survives: SIGSTOP, SIGCONT."""
        if self._process is not None:
            os.killpg(self._process.pid, number)

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process; 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    def end(self, within_s: float = 30) -> int:
        """Ask it to end (SIGTERM); its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(within_s)

    def is_ready(self) -> bool:
        """Whether it says so. Fails the test when it has ended instead."""
        if self._process is not None and (code := self._process.poll()) is not None:
            raise AssertionError(f"{self.log.stem} ended with {code}: {self.last_words()}")
        return all(answers(url) for url in self._ready_urls)

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]


def wait_for(is_so: Callable[[], bool], within_s: float, what: str) -> None:
    """Return when it is so; fail the test when it is not within the time."""
    ends = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a GET gets a 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
