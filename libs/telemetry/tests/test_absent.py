"""A library can be hidden from others that would load it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import libs.client  # noqa: F401  # named in a string below, which the build does not read
from libs.telemetry.absent import absent


def test_what_is_absent_cannot_be_imported_until_the_block_ends() -> None:
    sys.modules.pop("wave", None)

    with absent("wave"), pytest.raises(ImportError):
        import wave

    import wave

    assert wave.__name__ == "wave"


def test_what_is_loaded_already_stays() -> None:
    with absent("json"):
        import json

    assert json.loads("1") == 1


@pytest.mark.parametrize("library", ["libs.telemetry.logs", "libs.client"])
def test_our_libraries_do_not_take_rich_along(library: str) -> None:
    code = f"import {library}, sys; print(sorted(m for m in sys.modules if m.startswith('rich')))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"
