"""Libraries that only a comparison needs; the shop itself does without them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

# Where the README's line installs them, so that they stay out of the environment of ./dev.
FOLDER = Path(__file__).parents[2] / ".dev" / "bench-peers"
INSTALL = (
    "python3.11 -m pip install --target .dev/bench-peers --requirement tools/bench/requirements.txt"
)


def peer(name: str) -> Any:
    """The module of this name, or None when it is not installed."""
    if FOLDER.is_dir() and str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))  # last: what ./dev runs on comes first
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None
