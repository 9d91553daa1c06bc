"""mypy over a whole tree, which keeps the syntax trees and types of what it had to look at again."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from mypy import build
from mypy.errors import CompileError
from mypy.fscache import FileSystemCache
from mypy.main import process_options
from mypy.nodes import Expression, MypyFile
from mypy.types import Type

from tools.contracts.readers.model import Mistake


@dataclass(frozen=True)
class Checked:
    """What mypy said. `trees` are those that it looked at anew, by file; the others are as they were."""

    trees: Mapping[str, MypyFile]
    types: Mapping[Expression, Type]
    mistakes: tuple[Mistake, ...]
    complete: bool


def check(files: Sequence[str], cache: Path, round_: str) -> Checked:
    """Checks the files of the working directory, by its mypy.ini; `cache` is kept for the next time. In
    another `round_` all of the files are looked at anew, while what is known of libraries holds."""
    disk = FileSystemCache()
    arguments = ["--cache-dir", str(cache), "--no-error-summary", "--hide-error-context", *files]
    sources, options = process_options(arguments, StringIO(), StringIO(), fscache=disk)
    options.export_types = options.preserve_asts = True
    # With its tree kept, a library's functions would be checked too: twice as long for nothing.
    options.per_module_options["*.*"] = {"preserve_asts": False}
    for source in sources:
        options.per_module_options[source.module] = {
            "preserve_asts": True,
            # mypy looks anew at a module whose options changed; nobody's code has this name.
            "always_false": [*options.always_false, f"ROUND_{round_}"],
        }
    options.build_per_module_cache()
    sys.setrecursionlimit(2**14)  # as mypy's own command does
    try:
        result = build.build(sources, options, fscache=disk, stdout=StringIO(), stderr=StringIO())
    except CompileError as error:
        return Checked({}, {}, tuple(_mistakes(error.messages)), complete=False)
    result.manager.metastore.close()
    anew = result.manager.rechecked_modules
    trees = {
        source.path: state.tree
        for source in sources
        if source.path
        and source.module in anew
        and (state := result.graph[source.module]).tree is not None
    }
    return Checked(trees, result.types, tuple(_mistakes(result.errors)), complete=True)


def _mistakes(lines: Sequence[str]) -> Iterator[Mistake]:
    for line in lines:
        if found := re.match(r"(?P<file>[^:]+):(?P<line>\d+):(?:\d+:)? error: (?P<text>.*)", line):
            yield Mistake(found["file"], int(found["line"]), found["text"])
