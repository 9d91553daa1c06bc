"""What a web or a worker leaves in its run directory, so that `healthy` can ask how it is."""

from __future__ import annotations

import json
import os
import time
import urllib.error
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
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    if not paths:
        return f"nothing runs here: {folder} holds no state of a web or a worker"
    path = paths[-1]
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        state = State(cast(Role, read["role"]), int(read["pid"]), str(read["address"]))
    except (OSError, ValueError, KeyError) as error:
        return f"{path} cannot be read: {error}"
    if not Path(f"/proc/{state.pid}").exists():
        return f"the {state.role} (process {state.pid}) is gone"
    if state.role == "worker":
        silent_s = time.time() - path.stat().st_mtime
        return f"the worker has been silent for {silent_s:.0f} s" if silent_s > SILENCE_S else None
    return _unanswered(state.address)


def _unanswered(address: str) -> str | None:
    host, _, port = address.rpartition(":")
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{port}/livez"
    try:
        with urllib.request.urlopen(url, timeout=2):
            return None
    except (urllib.error.URLError, OSError) as error:
        return f"{url} does not answer: {error}"
