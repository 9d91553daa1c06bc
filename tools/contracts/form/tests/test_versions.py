"""An upgrade of pydantic alone changes no recorded form."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.catalog import v1 as catalog
from contracts.core import chassis, feed, forms
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.users import v1 as users
from tools.contracts.form.tests import everything

# The oldest that contracts.core runs on (it needs SchemaValidator's _use_prebuilt), and the newest that there
# is. Between them whatever the lock could hold.
OLDEST, NEWEST = "pydantic==2.13.0", "pydantic>=2.14"
SHOW = """
import importlib, sys
from tools.contracts.form.record import record
from tools.contracts.form.text import dump
for name in sys.argv[1:]:
    print(dump(record(importlib.import_module(name))))
"""
PAGES = [
    page.__name__ for page in (everything, catalog, orders, payments, users, chassis, feed, forms)
]
TIMEOUT_S = 120


def installed(requirement: str, folder: Path) -> None:
    """The requirement in a folder of its own. Skips where no index can be reached."""
    if uv := shutil.which("uv"):
        installer = [uv, "pip", "install", "-q", "--python", sys.executable]
    else:
        # A venv of Pants has no pip; the Python that it was made of may.
        python = getattr(sys, "_base_executable", sys.executable)
        installer = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    try:
        made = subprocess.run(
            [*installer, "--target", str(folder), requirement],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"no package index gave {requirement} within {TIMEOUT_S} s")
    if made.returncode:
        pytest.skip(f"{requirement} cannot be installed here: {made.stderr.strip()[-200:]}")


def shown(*before: str) -> str:
    """The forms of every page, by the pydantic that is found first on this path."""
    path = os.pathsep.join((*before, *(one for one in sys.path if one)))
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *PAGES],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("requirement", [OLDEST, NEWEST])
def test_the_form_of_every_page_is_the_same(requirement: str, tmp_path: Path) -> None:
    installed(requirement, tmp_path)

    assert shown(str(tmp_path)) == shown()


def test_all_that_pydantic_has_is_in_the_form() -> None:
    said = shown()

    for word in (
        '"strip": true', '"lower": true', '"ge": 4', '"le": 10', '"multiple_of": 2', '"tz": "aware"',
        '"tz": "naive"', '"now": "past"', '"string:ipv4"', '"string:base64"', '"string:password"', '"url"',
        '"allowed_schemes"', '"mode": "missing"', '"reserved": ["lost"]', '"discriminator": "kind"',
        '"default_tag": "card"', '"default_factory"', '"computed": true', '"writes": "twice"',
        '"reads": ["sum", "total"]', '"ser_json_bytes": "base64"', '"mode": "as-any"', '"is": "embedded"',
        '"is": "fixed"', '"uuid"', '"strict": true',
    ):  # fmt: skip
        assert word in said, word
