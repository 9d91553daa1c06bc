"""An index as JSON: rows rather than objects, for there are thousands of uses."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

from tools.contracts.readers.model import File, Index, Kind, Match, Mistake, Shape, Use


def dump(index: Index) -> str:
    """The index as JSON."""
    files = {
        name: [
            [(use.line, use.kind, use.owner, use.member, use.text) for use in file.uses],
            [astuple(match)[1:] for match in file.matches],
            [astuple(shape) for shape in file.shapes],
        ]
        for name, file in index.files.items()
    }
    mistakes = [astuple(mistake) for mistake in index.mistakes]
    return json.dumps({"complete": index.complete, "mistakes": mistakes, "files": files})


def load(text: str | bytes) -> Index | None:
    """The index that was dumped; None when it is none, or one of former times."""
    try:
        said = json.loads(text)
        return Index(
            {name: _file(name, *rows) for name, rows in said["files"].items()},
            tuple(Mistake(*row) for row in said["mistakes"]),
            said["complete"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _file(name: str, uses: list[Any], matches: list[Any], shapes: list[Any]) -> File:
    return File(
        tuple(Use(name, line, Kind(kind), *rest) for line, kind, *rest in uses),
        tuple(
            Match(name, line, tuple(subject), operation, tuple(handled), otherwise)
            for line, subject, operation, handled, otherwise in matches
        ),
        tuple(_shape(*row) for row in shapes),
    )


def _shape(
    name: str, kind: str, file: str, line: int, bases: Any, members: Any, *ends: Any
) -> Shape:
    inside = {member: tuple(classes) for member, classes in members.items()}
    return Shape(name, kind, file, line, tuple(bases), inside, *map(tuple, ends))
