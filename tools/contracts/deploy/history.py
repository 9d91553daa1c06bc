"""Whether what runs is older than the checkout, or newer."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path


def newer(root: Path, page: str, form: str) -> bool:
    """Whether the recorded form is of a commit that this checkout doesn't have yet: it stands nowhere in
    the history of its file. Without git nothing is newer than the checkout."""
    known = _versions(root, Path(*page.split(".")).with_suffix(".json").as_posix())
    return bool(known) and _blob(form) not in known


@cache
def _versions(root: Path, file: str) -> str:
    """git's names of all contents that the file ever had."""
    log = ("log", "--format=", "--raw", "--no-abbrev", "--no-renames", "--", file)
    said = subprocess.run(["git", "-C", str(root), *log], capture_output=True, text=True)
    return "" if said.returncode else said.stdout


def _blob(text: str) -> str:
    """The name that git gives to a file with this content."""
    content = text.encode()
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()
