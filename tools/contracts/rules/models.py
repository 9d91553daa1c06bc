"""Two forms of one model, field by field, and what is said of the whole (F30, F31, F35, F37)."""

from __future__ import annotations

from collections.abc import Mapping

from tools.contracts.form.model import Field, Model
from tools.contracts.rules.change import Change, Found, World, limited, placed, within
from tools.contracts.rules.functions import functions
from tools.contracts.rules.matching import matched
from tools.contracts.rules.names import names
from tools.contracts.rules.presence import added, presence, removed
from tools.contracts.rules.spelling import short
from tools.contracts.rules.types import types
from tools.contracts.rules.verdict import Direction

# A server never reads what is computed, and writes it in answers and events only.
_WRITTEN = frozenset({Direction.RES, Direction.EVT})


def models(world: World, old: Model, new: Model, renamed: Mapping[str, str] | None = None) -> Found:
    """What changed between the two. `renamed` are fields that go by another name in Python and are the
    same all the same, as those of a path are."""
    yield from placed(new.where, _whole(old, new))
    found = matched(old, new, renamed or {})
    for was, is_ in found.pairs:
        for change in placed(is_.where, within(is_.name, _field(world, was, is_))):
            # A model that is read strictly makes all its fields so, which is said once.
            strictly = isinstance(change, Change) and change.rule == "F32"
            if not (strictly and old.strict != new.strict):
                yield change
    for one in found.gone:
        yield from placed(one.where, within(one.name, removed(one)))
    for one in found.come:
        yield from placed(one.where, within(one.name, added(one)))
    if old.extra_type is not None and new.extra_type is not None:
        yield from placed(new.where, within("**", types(world, old.extra_type, new.extra_type)))
    yield from _reserved(old, new)


def _whole(old: Model, new: Model) -> Found:
    if old.name != new.name and not (old.generic and old.generic == new.generic):
        what = f"was {short(old.name)} and is {short(new.name)}"
        if short(old.name) == short(new.name):
            what = f"was {old.name} and is {new.name}"
        yield Change(rule="F37", what=what, old=old, new=new)
    yield from _extra(old, new)
    yield from functions(old, new)


def _extra(old: Model, new: Model) -> Found:
    """What becomes of fields that the model does not declare."""
    if old.extra == new.extra:
        return
    what = f"did {old.extra} unknown fields and does {new.extra} them"
    if new.extra == "forbid":
        yield Change(rule="F30", what=what, old=old, new=new)
    elif old.extra == "forbid":
        yield Change(rule="F31", what=what, old=old, new=new)
    else:
        # Who kept unknown fields sent them on; who ignores them drops them.
        case = "kept" if new.extra == "allow" else "dropped"
        yield Change(rule="F31", case=case, what=what, old=old, new=new)


def _field(world: World, old: Field, new: Field) -> Found:
    if old.computed and new.computed:
        found = (*names(old, new), *_typed(world, old, new))
        yield from limited(_WRITTEN, found)
    elif old.computed or new.computed:
        what = "was computed and is a field" if old.computed else "was a field and is computed"
        yield Change(rule="F39", what=what, old=old, new=new)
        yield from limited(_WRITTEN, types(world, old.type, new.type))
    else:
        yield from names(old, new)
        yield from presence(old, new)
        yield from _typed(world, old, new)


def _typed(world: World, old: Field, new: Field) -> Found:
    if old.omitted_when != new.omitted_when:
        yield Change(rule="F34", what="is left out under another condition", old=old, new=new)
    yield from types(world, old.type, new.type)


def _reserved(old: Model, new: Model) -> Found:
    used: set[str] = set()
    for one in new.fields:
        again = {*one.reads, *([one.writes] if one.writes else [])} & set(old.reserved)
        if again:
            used |= again
            what = f"uses the reserved name {', '.join(sorted(again))} again"
            yield Change(rule="F35", what=what, path=one.name, where=one.where, new=one)
    given_up = sorted(set(old.reserved) - set(new.reserved) - used)
    if given_up:
        what = f"no longer reserves {', '.join(given_up)}"
        yield Change(rule="F35", what=what, where=new.where, old=old, new=new)
