"""Fields of contracts that nobody reads, as far as anybody can tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.contracts.form.model import Place
from tools.contracts.readers import trees
from tools.contracts.readers.model import Index, Kind, is_test
from tools.contracts.readers.observed import observed_uses
from tools.contracts.readers.reach import Reach
from tools.contracts.readers.templates import template_uses
from tools.contracts.report.lines import Page, many, places
from tools.dev import show
from tools.dev.errors import Refusal

_LOOKS = {Kind.READ, Kind.MATCHED}


@dataclass(frozen=True, slots=True)
class Unread:
    """A field that no service reads. `perhaps` are lines where it may be read; `outside` when people
    get it, whose programs are not here; `only_tests` when tests do read it."""

    contract: str
    name: str
    where: Place
    perhaps: tuple[Place, ...]
    outside: bool
    only_tests: bool


def unread(index: Index, root: Path) -> Iterator[Unread]:
    """The fields of answers, problems and events that no code but their owner's contract looks at. Of
    requests the server is the reader."""
    reach = Reach(index, index, (*template_uses(root), *observed_uses(root)))
    for shape in sorted(reach.shapes.values(), key=lambda one: (one.file, one.line)):
        parts = shape.name.split(".")
        if shape.kind == "enum" or parts[1] in ("core", "shared"):
            continue
        for member in shape.members:
            uses = reach.of_member(shape.name, member)
            reads = [use for use in uses if use.kind in _LOOKS and use.member]
            if any(not is_test(use.file) for use in reads):
                continue
            perhaps = [use for use in uses if use.kind is Kind.UNKNOWN and not is_test(use.file)]
            yield Unread(
                "/".join(parts[1:3]),
                f"{parts[3]}.{member}",
                Place(shape.file, shape.line),
                tuple(dict.fromkeys(Place(use.file, use.line) for use in perhaps)),
                reach.goes_outside(shape.name),
                bool(reads),
            )


def show_unread(root: Path, service: str | None, *, as_json: bool) -> int:
    """Print the table; 0. Raises Refusal."""
    try:
        index = trees.of(root)
    except trees.CannotBeIndexed as error:
        raise Refusal(f"the type checker stopped with {error}; try ./pants check ::") from error
    if not index.complete:
        first = index.mistakes[0]
        raise Refusal(f"{first.file}:{first.line} {first.text}", code=4)
    found = [one for one in unread(index, root) if service in (None, one.contract.split("/")[0])]
    if as_json:
        rows = [
            {
                "contract": one.contract,
                "field": one.name,
                "file": one.where.file,
                "line": one.where.line,
                "outside": one.outside,
                "only_tests": one.only_tests,
                "perhaps": [str(place) for place in one.perhaps],
            }
            for one in found
        ]
        print(json.dumps(rows, indent=2))
        return 0
    return _table(found)


def _table(found: list[Unread]) -> int:
    """What is surely unread first; then what people may read, and what may be read where types end."""
    page = Page(show.out)
    groups = {
        "Nobody reads": [one for one in found if not one.perhaps and not one.outside],
        "No service reads, whoever asks from outside may": [
            one for one in found if not one.perhaps and one.outside
        ],
        "May be unread: types end where it may be read": [one for one in found if one.perhaps],
    }
    width = max((len(one.name) for one in found), default=0)
    for title, ones in groups.items():
        if ones:
            page.heading(f"{title}: {many(len(ones), 'field')}")
        for one in ones:
            tests = "  (tests do)" if one.only_tests else ""
            page.line(f"  {one.name:<{width}}  ", (f"{one.where}{tests}", "dim"))
            for place in places([(place.file, place.line) for place in one.perhaps][:3]):
                page.line((f"      perhaps {place}", "yellow"))
    if not found:
        page.line(("Each field of a contract is read by somebody.", "green"))
    return 0
