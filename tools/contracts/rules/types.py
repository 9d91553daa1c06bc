"""Two types that stand in the same place."""

from __future__ import annotations

from tools.contracts.form.model import (
    Choice,
    Dict,
    Embedded,
    Fixed,
    Free,
    Many,
    Nullable,
    Ref,
    Scalar,
    Type,
    Union,
)
from tools.contracts.rules.change import Change, Found, Meeting, World, within
from tools.contracts.rules.choices import choices, scalar_and_choice
from tools.contracts.rules.constraints import lengths
from tools.contracts.rules.functions import functions
from tools.contracts.rules.objects import dict_and_model
from tools.contracts.rules.scalars import scalars
from tools.contracts.rules.spelling import bare, spelt
from tools.contracts.rules.unions import unions


def types(world: World, old: Type, new: Type) -> Found:
    """What changed between the two, and which models are to be compared for it."""
    was, is_ = bare(old), bare(new)
    if isinstance(new, Nullable) and not isinstance(old, Nullable):
        yield Change(rule="F07", what="may now be null", old=old, new=new)
    elif isinstance(old, Nullable) and not isinstance(new, Nullable):
        yield Change(rule="F08", what="may no longer be null", old=old, new=new)
    found = list(_bare(world, was, is_))
    yield from found
    if not any(
        isinstance(one, Change) and one.rule in _UNRELATED and not one.path for one in found
    ):
        yield from functions(old, new)


# Once nothing is left of the old type, its validators and serializers need no mention.
_UNRELATED = frozenset({"F13", "F16"})


def _bare(world: World, old: Type, new: Type) -> Found:
    match old, new:
        case (Union(), _) | (_, Union()):
            yield from unions(world, old, new, types)
        case Ref(), Ref():
            yield Meeting(old=old.model, new=new.model)
        case Scalar(), Scalar():
            yield from scalars(old, new)
        case Choice(), Choice():
            yield from choices(old, new)
        case (Choice(), Scalar()) | (Scalar(), Choice()):
            yield from scalar_and_choice(old, new)
        case (Many() | Fixed(), Many() | Fixed()):
            yield from _arrays(world, old, new)
        case Dict(), Dict():
            yield from within("{key}", types(world, old.keys, new.keys))
            yield from within("{}", types(world, old.values, new.values))
            yield from lengths(old, new)
        case (Dict() | Free(kind="object"), Ref()) | (Ref(), Dict() | Free(kind="object")):
            yield from dict_and_model(world, old, new, types)
        case Embedded(), Embedded():
            yield from within("<json>", types(world, old.inner, new.inner))
        case Free(), Free():
            if old.kind != new.kind:
                yield _wider(old, new) if new.kind == "any" else _narrower(old, new)
        case _, Free(kind="any"):
            yield _wider(old, new)
        case Free(kind="any"), _:
            yield _narrower(old, new)
        case Dict(), Free():
            yield _wider(old, new)
        case Free(), Dict():
            yield _narrower(old, new)
        case _:
            swapped = _shape(old) != _shape(new) and "array" in (_shape(old), _shape(new))
            yield _unrelated("F16" if swapped else "F13", old, new)


def _shape(one: Type) -> str:
    match one:
        case Many() | Fixed():
            return "array"
        case Dict() | Ref() | Free():
            return "object"
        case _:
            return "one"


def _arrays(world: World, old: Many | Fixed, new: Many | Fixed) -> Found:
    match old, new:
        case Many(), Many():
            if old.kind != new.kind:
                yield Change(
                    rule="F17", what=f"was a {old.kind} and is a {new.kind}", old=old, new=new
                )
            yield from within("[]", types(world, old.items, new.items))
            yield from lengths(old, new)
        case Fixed(), Fixed():
            yield from _fixed(world, old, new)
        case Fixed(), Many():
            yield _wider(old, new)
            for place in (*old.places, *([old.rest] if old.rest else [])):
                yield from within("[]", types(world, place, new.items))
        case Many(), Fixed():
            yield _narrower(old, new)
            for place in (*new.places, *([new.rest] if new.rest else [])):
                yield from within("[]", types(world, old.items, place))


def _fixed(world: World, old: Fixed, new: Fixed) -> Found:
    if len(old.places) != len(new.places):
        yield Change(
            rule="F13",
            what=f"had {len(old.places)} places and has {len(new.places)}",
            old=old,
            new=new,
        )
        return
    for number, (was, is_) in enumerate(zip(old.places, new.places, strict=True)):
        yield from within(f"[{number}]", types(world, was, is_))
    if old.rest is not None and new.rest is not None:
        yield from within("[]", types(world, old.rest, new.rest))
    elif old.rest is not None:
        yield _narrower(old, new)
    elif new.rest is not None:
        yield _wider(old, new)
    yield from lengths(old, new)


def _wider(old: Type, new: Type) -> Change:
    return Change(rule="F11", what=f"was {spelt(old)} and is {spelt(new)}", old=old, new=new)


def _narrower(old: Type, new: Type) -> Change:
    return Change(rule="F12", what=f"was {spelt(old)} and is {spelt(new)}", old=old, new=new)


def _unrelated(rule: str, old: Type, new: Type) -> Change:
    return Change(rule=rule, what=f"was {spelt(old)} and is {spelt(new)}", old=old, new=new)
