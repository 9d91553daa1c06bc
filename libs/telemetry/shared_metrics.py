"""The switch to metrics that are summed over processes; imports nothing that counts."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def share_between_processes(folder: Path) -> None:
    """Keep this program's metrics in `folder`, emptied first, so that every process it forks is
    counted. Raises RuntimeError when it comes too late, after prometheus_client was imported."""
    if "prometheus_client" in sys.modules:
        raise RuntimeError("prometheus_client is imported already; share metrics before")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
