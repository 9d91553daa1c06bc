"""What a web or a worker leaves in its run directory, so that `healthy` can ask how it is."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

Role = Literal["web", "worker"]

# A worker says that it is well each second; after so many of silence it is not.
SILENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class State:
    """Which role runs here, as which process, and where it listens."""

    role: Role
    pid: int
    address: str

    def write(self, folder: Path) -> None:
        """Leave it in the folder; the file's age then tells when the role was last well."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"role": self.role, "pid": self.pid, "address": self.address})
        path = folder / f"{self.role}.json"
        new = path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)


def well(folder: Path, role: Role) -> None:
    """Say once more that the role is well."""
    path = folder / f"{role}.json"
    try:
        os.utime(path)
    except OSError:
        return


def gone(folder: Path, role: Role) -> None:
    """Take the state away: the role has ended as it should."""
    (folder / f"{role}.json").unlink(missing_ok=True)


def ailment(folder: Path) -> str | None:
    """What is wrong with the role that runs here, in a sentence; None when it is well."""
    found = [(path, changed) for path in folder.glob("*.json") if (changed := _changed(path))]
    if not found:
        return f"nothing runs here: {folder} holds no state of a web or a worker"
    path, changed = max(found, key=lambda each: each[1])
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        state = State(cast(Role, read["role"]), int(read["pid"]), str(read["address"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{path} cannot be read: {error}"
    if not _lives(state.pid):
        return f"the {state.role} (process {state.pid}) is gone"
    if state.role == "worker":
        silent_s = time.time() - changed
        return f"the worker has been silent for {silent_s:.0f} s" if silent_s > SILENCE_S else None
    return _unanswered(state.address)


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:  # it has just ended
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it lives
        return True
    return True


def _unanswered(address: str) -> str | None:
    host, _, port = address.rpartition(":")
    here = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "[::1]"}.get(host, host)
    url = f"http://{here}:{port}/livez"
    # What is asked is this machine, whatever proxy the environment names.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2):
            return None
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{url} does not answer: {error}"
