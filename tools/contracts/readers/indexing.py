"""The index of a tree, kept beside mypy's cache: only what an edit touched is looked at again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.contracts.readers import written
from tools.contracts.readers.checking import Checked, check
from tools.contracts.readers.model import File, Index
from tools.contracts.readers.shapes import shapes_of
from tools.contracts.readers.walking import walk


def index(files: Sequence[str], cache: Path) -> Index:
    """What the files of the working directory do with contracts. `cache` belongs to this directory and
    makes the next call quick; two calls at once are not for it."""
    cache.mkdir(parents=True, exist_ok=True)
    kept, unfinished, round_ = cache / "index.json", cache / "unfinished", cache / "round"
    known = written.load(kept.read_bytes()) if kept.exists() else None
    name = round_.read_text() if round_.exists() else ""
    # When the last call died between mypy's cache and ours, nobody knows what is missing here; and what
    # another state of this program noted is not what it would note now.
    if known is None or unfinished.exists() or not name.startswith(_own_digest()):
        name, known = f"{_own_digest()}_{os.urandom(4).hex()}", Index()
        round_.write_text(name)
    unfinished.touch()
    checked = check(files, cache / "mypy", name)
    found = Index(_merged(files, known.files, checked), checked.mistakes, checked.complete)
    if found.complete:
        fresh = cache / f"index.{os.getpid()}"
        fresh.write_text(written.dump(found))
        fresh.replace(kept)
    # A file that is no Python is found before any other is looked at: nothing was missed.
    if found.complete or all("[syntax]" in one.text for one in found.mistakes):
        unfinished.unlink()
    return found


def _own_digest() -> str:
    """Of the code that makes the index."""
    own = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        own.update(path.read_bytes())
    return own.hexdigest()[:16]


def _merged(
    files: Sequence[str], known: Mapping[str, File], checked: Checked
) -> Mapping[str, File]:
    read: dict[str, File] = {}
    for file in files:
        if tree := checked.trees.get(file):
            uses, matches = walk(tree, checked.types)
            shapes = tuple(shapes_of(tree)) if file.startswith("contracts/") else ()
            read[file] = File(uses, matches, shapes)
        elif file in known:
            read[file] = known[file]
    return read
