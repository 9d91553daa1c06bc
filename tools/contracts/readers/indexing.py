"""The index of a tree, kept beside mypy's cache: only what an edit touched is looked at again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.contracts.readers import written
from tools.contracts.readers.checking import Checked, check
from tools.contracts.readers.kept import Kept
from tools.contracts.readers.model import File, Index
from tools.contracts.readers.shapes import shapes_of
from tools.contracts.readers.walking import walk


def index(files: Sequence[str], folder: Path) -> Index:
    """What the files of the working directory do with contracts. `folder` belongs to this directory and
    makes the next call quick; two calls at once are not for it."""
    kept = Kept(folder)
    known = written.load(kept.index.read_bytes()) if kept.holds() else None
    if known is None:
        kept.begin_anew()
        known = Index()
    kept.unfinished.touch()
    checked = check(files, kept.mypy, kept.round())
    found = Index(_merged(files, known.files, checked), checked.mistakes, checked.complete)
    if found.complete:
        fresh = folder / f"index.{os.getpid()}"
        fresh.write_text(written.dump(found))
        fresh.replace(kept.index)
    # A file that is no Python is found before any other is looked at: nothing was missed.
    if found.complete or all("[syntax]" in one.text for one in found.mistakes):
        kept.unfinished.unlink()
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
