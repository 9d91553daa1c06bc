"""The index of a tree, kept beside mypy's cache: only what an edit touched is looked at again."""

from __future__ import annotations

import os
import shutil
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
    kept = cache / "index.json"
    known = written.load(kept.read_bytes()) if kept.exists() else None
    # When the last call died between mypy's cache and ours, nobody knows what is missing here.
    unfinished = cache / "unfinished"
    if known is None or unfinished.exists():
        shutil.rmtree(cache / "mypy", ignore_errors=True)
        known = Index()
    unfinished.touch()
    checked = check(files, cache / "mypy")
    found = Index(_merged(files, known.files, checked), checked.mistakes, checked.complete)
    if found.complete:
        fresh = cache / f"index.{os.getpid()}"
        fresh.write_text(written.dump(found))
        fresh.replace(kept)
        unfinished.unlink()
    return found


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
