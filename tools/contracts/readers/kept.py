"""What is kept of an index between two calls, and whether it still holds."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path


class Kept:
    """A folder with mypy's cache, and the index of the files that it holds.

    Each index belongs to a round: with a new one, all of our files are looked at anew.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index.json"
        # There while mypy's cache may know of files of which the index doesn't.
        self.unfinished = folder / "unfinished"
        self._round = folder / "round"

    @property
    def mypy(self) -> Path:
        return self.folder / "mypy"

    def holds(self) -> bool:
        """Whether the index is whole, and what this state of the program would note."""
        return (
            self.index.exists()
            and not self.unfinished.exists()
            and self._round.exists()
            and self._round.read_text().startswith(_own_digest())
        )

    def round(self) -> str:
        """The name of the present round."""
        return self._round.read_text()

    def begin_anew(self) -> None:
        """Start a round, so that nothing of former ones counts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.index.unlink(missing_ok=True)
        self._round.write_text(f"{_own_digest()}_{os.urandom(4).hex()}")


@cache
def _own_digest() -> str:
    """Of the code that makes the index."""
    own = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        own.update(path.read_bytes())
    return own.hexdigest()[:16]
