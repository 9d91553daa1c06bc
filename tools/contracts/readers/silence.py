"""Events that nobody publishes any more: the contract still promises them (E05)."""

from __future__ import annotations

from collections.abc import Iterator

from tools.contracts.form.model import Place
from tools.contracts.readers.model import Index, Kind, Use, is_test
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.table import row
from tools.contracts.rules.verdict import Direction


def silenced(old: Index, new: Index) -> Iterator[Finding]:
    """A finding for each event that the old code made and the new doesn't, while somebody listens."""
    made, makes = _published(old), _published(new)
    heard = {use.owner for use in new.uses if use.kind is Kind.HEARD and not is_test(use.file)}
    shapes = new.shapes
    for owner, use in made.items():
        if owner in shapes and owner not in makes and owner in heard:
            _, service, version, name = owner.split(".", 3)
            table = row("E05")
            yield Finding(
                rule="E05",
                contract=f"{service}/{version}",
                subject=name,
                verdict=table.single or table.verdicts[Direction.EVT],
                sentence=f"{name} is published nowhere any more: {table.follows}",
                mend=table.mend,
                where=Place(use.file, use.line),
                removed=True,
                unproved="no message was changed: none is sent",
            )


def _published(index: Index) -> dict[str, Use]:
    """For each event the line that makes one, tests aside."""
    events = {shape.name for shape in index.shapes.values() if shape.kind == "event"}
    return {
        use.owner: use
        for use in index.uses
        if use.owner in events
        and use.kind is Kind.WRITTEN
        and not use.member
        and not is_test(use.file)
    }
