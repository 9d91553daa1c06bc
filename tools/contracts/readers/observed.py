"""What tests saw being read, where somebody let them look: see libs/testing/observing.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from tools.contracts.readers.model import Kind, Use


def observed_uses(root: Path) -> tuple[Use, ...]:
    """Each read that was seen, as long as its file is the same as then; none when nobody looked."""
    try:
        rows = json.loads((root / ".dev" / "contracts" / "observed.json").read_bytes())
    except (OSError, ValueError):
        return ()
    return tuple(_fresh(root, rows))


def _fresh(root: Path, rows: list[tuple[str, str, str, int, str]]) -> Iterator[Use]:
    digests: dict[str, str] = {}
    for owner, member, file, line, digest in rows:
        if file not in digests:
            path = root / file
            content = path.read_bytes() if path.is_file() else b""
            digests[file] = hashlib.sha256(content).hexdigest()[:16]
        if digests[file] == digest:
            yield Use(file, line, Kind.READ, owner, member, "seen in tests")
