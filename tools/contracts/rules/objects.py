"""A dict where a model stood, or the other way round (F40)."""

from __future__ import annotations

from collections.abc import Callable

from tools.contracts.form.model import Dict, Free, Ref, Type
from tools.contracts.rules.change import Change, Found, World
from tools.contracts.rules.spelling import spelt

Types = Callable[[World, Type, Type], Found]


def dict_and_model(world: World, old: Type, new: Type, types: Types) -> Found:
    """Whether the dict admits every field of the model; if it does not, neither can read the other."""
    what = f"was {spelt(old)} and is {spelt(new)}"
    to_model = isinstance(new, Ref)
    ref, other = (new, old) if to_model else (old, new)
    assert isinstance(ref, Ref)
    models = world.new if to_model else world.old
    if isinstance(other, Dict) and not _admits(world, models, ref, other, types):
        yield Change(rule="F13", what=what, old=old, new=new)
    else:
        yield Change(rule="F40", case="model" if to_model else "dict", what=what, old=old, new=new)


def _admits(world: World, models: object, ref: Ref, other: Dict, types: Types) -> bool:
    assert isinstance(models, dict)
    fields = [one for one in models[ref.model].fields if one.writes is not None]
    if isinstance(other.values, Free) and other.values.kind == "any":
        return True
    return all(
        isinstance(found, Change) and found.rule in _WIDER
        for one in fields
        for found in types(world, one.type, other.values)
    )


# Rules by which a field of the model is no less than what the dict holds.
_WIDER = frozenset({"F07", "F11", "F22", "F23", "F27"})
