"""Names on the wire: what is written, and all that is read (F09 to F10)."""

from __future__ import annotations

from tools.contracts.form.model import Field
from tools.contracts.rules.change import Change, Found


def names(old: Field, new: Field) -> Found:
    """What changed in the names of a field."""
    if old.writes == new.writes or old.computed:
        yield from _written_alike(old, new)
        return
    what = f"was {old.writes} on the wire and is {new.writes}"
    reads_old = old.writes in new.reads
    was_read = new.writes in old.reads
    if reads_old and was_read:
        yield Change(
            rule="F09a", case="accepted", what=f"{what}; both are read by both", old=old, new=new
        )
    elif reads_old:
        yield Change(
            rule="F09a",
            case="renamed",
            what=f"{what}; the old name is still read",
            old=old,
            new=new,
        )
    elif was_read:
        what += "; the old name is no longer read"
        yield Change(rule="F09a", case="dropped", what=what, old=old, new=new)
    else:
        yield Change(rule="F09", what=what, old=old, new=new)


def _written_alike(old: Field, new: Field) -> Found:
    if old.computed and old.writes != new.writes:
        what = f"was {old.writes} on the wire and is {new.writes}"
        yield Change(rule="F09", what=what, old=old, new=new)
        return
    if old.name != new.name:
        what = f"was {old.name} in Python, and is {new.writes} on the wire as before"
        yield Change(rule="F10", what=what, old=old, new=new)
    more = [name for name in new.reads if name not in old.reads]
    less = [name for name in old.reads if name not in new.reads]
    if more:
        what = f"is also read as {', '.join(more)}"
        yield Change(rule="F09a", case="accepted", what=what, old=old, new=new)
    if less:
        what = f"is no longer read as {', '.join(less)}"
        yield Change(rule="F09a", case="dropped", what=what, old=old, new=new)
