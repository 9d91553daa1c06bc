"""A pytest plugin that notes who reads which field of a contract while tests run.

    python -m pytest -p libs.testing.observing services/notifications

`./dev contracts` takes what it noted for more than types tell: a template, a `getattr`. It costs a test
run some speed, and is on only when it is asked for.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from contracts.core import Problem
from contracts.core._message import Message

ROOT = Path(__file__).resolve().parents[2]
NOTED = ROOT / ".dev" / "contracts" / "observed.json"

_seen: set[tuple[str, str, str, int]] = set()


def pytest_configure(config: pytest.Config) -> None:
    """Watch from the beginning."""
    for kind, fields in ((Message, "__pydantic_fields__"), (Problem, "__dataclass_fields__")):
        _watch(kind, fields)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Add what was seen to what earlier runs saw, as far as its files are the same."""
    rows = [[*row, _digest(row[2])] for row in sorted(_seen)]
    try:
        earlier = json.loads(NOTED.read_text())
    except (OSError, ValueError):
        earlier = []
    fresh = {tuple(row[:4]) for row in rows}
    kept = [row for row in earlier if row[4] == _digest(row[2]) and tuple(row[:4]) not in fresh]
    NOTED.parent.mkdir(parents=True, exist_ok=True)
    NOTED.write_text(json.dumps(sorted([*rows, *kept]), indent=0))


def _watch(kind: Any, fields: str) -> None:
    plain: Callable[[Any, str], Any] = kind.__getattribute__

    def observed(self: Any, name: str) -> Any:
        cls = type(self)
        if not name.startswith("_") and name in getattr(cls, fields, ()):
            owner = f"{cls.__module__}.{cls.__qualname__.partition('[')[0]}"
            for file, line in _place(sys._getframe(1)) if owner.startswith("contracts.") else ():
                _seen.add((owner, name, file, line))
        return plain(self, name)

    kind.__getattribute__ = observed


def _place(frame: FrameType | None) -> Iterator[tuple[str, int]]:
    """The line of ours that reads, or that of the template for which jinja does."""
    while frame is not None and "/jinja2/" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return
    line = frame.f_lineno
    template = frame.f_globals.get("__jinja_template__")
    if template is not None:
        line = template.get_corresponding_lineno(line)
    path = Path(frame.f_code.co_filename)
    if path.is_absolute() and path.is_relative_to(ROOT):
        yield path.relative_to(ROOT).as_posix(), line


def _digest(file: str) -> str:
    try:
        return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:16]
    except OSError:
        return ""
