"""Pages that exist only for a test, in a file, so that their source can be read."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tools.contracts.form.model import Page
from tools.contracts.form.record import record

PRELUDE = """
from __future__ import annotations
import enum, re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Optional, Union
from uuid import UUID
from pydantic import *
from contracts.core import *
def same(value): return value
"""
_numbers = count()


@pytest.fixture
def record_of(tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Records the page with this source, which may use all of pydantic and of the language."""
    made = []

    def recorded(source: str) -> Page:
        file = tmp_path / f"page{next(_numbers)}.py"
        file.write_text(PRELUDE + source)
        name = f"contracts.shop.v{file.stem.removeprefix('page')}"
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        made.append(name)
        spec.loader.exec_module(module)
        page = record(module)
        # One page in two versions of its text, as a revision and the next are.
        object.__setattr__(page, "version", "v1")
        return page

    yield recorded
    for name in made:
        del sys.modules[name]


@pytest.fixture
def thing(record_of: Callable[[str], Page]) -> Callable[[str], Page]:
    """Records a page of one answer `Thing` with these lines as its body."""

    def recorded(body: str) -> Page:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        before, found, rest = lines.partition("    ---\n")
        if found:  # what stands before the class
            above = "".join(line[4:] for line in before.splitlines(keepends=True))
        else:
            above, rest = "", lines
        return record_of(
            f"{above}\nclass Thing(Value):\n{rest}\n"
            'class Get(Request[Anyone, Thing], http="GET /things"):\n    pass\n'
        )

    return recorded
