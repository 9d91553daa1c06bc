"""A server process: started with its output in a log, watched, stopped."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from libs.servers import _guard
from libs.servers._accounts import Account

_LOG_LIMIT_BYTES = 2_000_000
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


class ServerFailed(Exception):
    """A server could not be started or stopped; the message says which, why and where its log is."""


class Process:
    """A running server. `detached` servers outlive this program; others are stopped after it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        steps: _guard.Steps,
        account: Account | None = None,
        detached: bool = False,
        remove: Path | None = None,
        environment: Mapping[str, str] = _ENVIRONMENT,
    ) -> None:
        self._owner = os.getpid()
        self._steps = steps
        _keep_small(log)
        env = {"PATH": os.environ.get("PATH", os.defpath), **environment}
        with log.open("ab") as output:
            if detached:
                self._popen = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=env,
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                    start_new_session=True,  # Ctrl-C in a terminal is for the program, not for it
                )
                self.pid = self._popen.pid
            else:
                self._popen = subprocess.Popen(
                    [*_guarded(steps, account, remove), *command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    cwd="/",
                    env=env,
                    start_new_session=True,
                )
                assert self._popen.stdout is not None
                with self._popen.stdout as told:
                    line = told.readline()
                if not line:
                    self._popen.wait()
                    raise ServerFailed(f"{command[0]} could not be started: {tail(log)}")
                self.pid = int(line)

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def stop(self) -> None:
        """Ends the server and waits until it is gone. Safe to repeat; a forked child's call is
        ignored, since the server belongs to the process that started it."""
        if os.getpid() != self._owner or not self.alive:
            return
        if self._popen.pid == self.pid:
            _guard.end(self._popen, self._steps)
        else:
            self._popen.terminate()
            self._popen.wait()


def _guarded(steps: _guard.Steps, account: Account | None, remove: Path | None) -> list[str]:
    command = [sys.executable, "-I", "-S", _guard.__file__]
    command += ["--parent", str(os.getpid()), "--steps", _guard.spelt(steps)]
    if account is not None:
        command += ["--uid", str(account.uid), "--gid", str(account.gid)]
    if remove is not None:
        command += ["--remove", str(remove)]
    return [*command, "--"]


def _keep_small(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(log.suffix + ".1"))


def tail(log: Path, lines: int = 5) -> str:
    """The log's last lines in one, to be put into an error."""
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, log.stat().st_size - 4096))
            text = opened.read().decode(errors="replace")
    except OSError:
        return "(no log)"
    return " / ".join(line.strip() for line in text.splitlines()[-lines:]) or "(empty log)"
