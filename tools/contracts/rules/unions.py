"""Unions: which variants of both belong together, and how a reader tells them apart (F23 to F25, F38)."""

from __future__ import annotations

from collections.abc import Callable

from tools.contracts.form.model import (
    Choice,
    Dict,
    Free,
    Json,
    Model,
    Ref,
    Scalar,
    Type,
    Union,
    Variant,
)
from tools.contracts.rules.change import Change, Found, World, within
from tools.contracts.rules.spelling import spelt

Types = Callable[[World, Type, Type], Found]


def unions(world: World, old: Type, new: Type, types: Types) -> Found:
    """What changed between two types of which one at least is a union."""
    olds, news = _variants(old), _variants(new)
    pairs, gone, added = _matched(world, olds, news, types)
    yield from _told_apart(world, old, new, pairs)
    for was, is_ in pairs:
        if was.tag != is_.tag and isinstance(old, Union) and isinstance(new, Union):
            if old.discriminator and old.discriminator == new.discriminator:
                what = f"the tag of {spelt(is_.type)} was {was.tag!r} and is {is_.tag!r}"
                yield Change(rule="F25", what=what, old=old, new=new)
        step = f"<{spelt(is_.type)}>" if len(news) > 1 else ""
        yield from within(step, types(world, was.type, is_.type))
    for one in added:
        fallback = isinstance(old, Union) and _has_fallback(world, old, one)
        what = f"may now be {spelt(one.type)}"
        yield Change(
            rule="F23", case="fallback" if fallback else "", what=what, old=old, new=one.type
        )
    for one in gone:
        what = f"may no longer be {spelt(one.type)}"
        yield Change(rule="F24", what=what, old=one.type, new=new)


def _variants(one: Type) -> list[Variant]:
    return list(one.variants) if isinstance(one, Union) else [Variant(type=one)]


def _matched(
    world: World, olds: list[Variant], news: list[Variant], types: Types
) -> tuple[list[tuple[Variant, Variant]], list[Variant], list[Variant]]:
    """The pairs that belong together, the most certain first, and what is left of both."""
    pairs: list[tuple[Variant, Variant]] = []
    gone, added = list(olds), list(news)
    for belong in (
        *(_same_tag, _equal, _same_name, _same_literal, _same_kind, _same_shape),
        _related(types),
    ):
        for was in list(gone):
            for is_ in added:
                if belong(world, was, is_):
                    pairs.append((was, is_))
                    gone.remove(was)
                    added.remove(is_)
                    break
    return pairs, gone, added


def _same_tag(_: World, old: Variant, new: Variant) -> bool:
    return old.tag is not None and old.tag == new.tag


def _equal(_: World, old: Variant, new: Variant) -> bool:
    return old.type == new.type


def _same_name(_: World, old: Variant, new: Variant) -> bool:
    if not (isinstance(old.type, Ref) and isinstance(new.type, Ref)):
        return False
    return old.type.model.rpartition(".")[2] == new.type.model.rpartition(".")[2]


def _same_literal(world: World, old: Variant, new: Variant) -> bool:
    was, is_ = _model(world.old, old), _model(world.new, new)
    return bool(was and is_ and _tags(was) & _tags(is_))


def _same_shape(world: World, old: Variant, new: Variant) -> bool:
    was, is_ = _model(world.old, old), _model(world.new, new)
    if not (was and is_):
        return False
    return bool(was.fields) and _names(was) == _names(is_)


def _same_kind(_: World, old: Variant, new: Variant) -> bool:
    if isinstance(old.type, Ref):
        return False
    alike = ("kind", "keys")
    return type(old.type) is type(new.type) and all(
        getattr(old.type, name, None) == getattr(new.type, name, None) for name in alike
    )


def _related(types: Types) -> Callable[[World, Variant, Variant], bool]:
    """Whether one type is the other, wider or narrower."""

    def related(world: World, old: Variant, new: Variant) -> bool:
        if isinstance(old.type, Ref) or isinstance(new.type, Ref):
            return False
        found = types(world, old.type, new.type)
        return not any(isinstance(one, Change) and one.rule in _UNRELATED for one in found)

    return related


_UNRELATED = frozenset({"F13", "F15a", "F16"})


def _model(models: object, one: Variant) -> Model | None:
    assert isinstance(models, dict)
    return models.get(one.type.model) if isinstance(one.type, Ref) else None


def _names(one: Model) -> set[str | None]:
    return {field.writes for field in one.fields}


def _tags(one: Model) -> set[tuple[str | None, Json]]:
    """The fields that can have one value only, with it."""
    return {
        (field.writes, field.type.values[0])
        for field in one.fields
        if isinstance(field.type, Choice) and len(field.type.values) == 1
    }


def _told_apart(world: World, old: Type, new: Type, pairs: list[tuple[Variant, Variant]]) -> Found:
    """How a reader knows which variant came."""
    was = old.discriminator if isinstance(old, Union) else None
    is_ = new.discriminator if isinstance(new, Union) else None
    if was and is_ and was != is_:
        what = f"variants were told apart by {was} and are by {is_}"
        yield Change(rule="F25", what=what, old=old, new=new)
    elif is_ and not was:
        yield from _tag_asked_for(world, old, new, is_, [one for one, _ in pairs])
    elif was and not is_ and isinstance(new, Union):
        asked = all(_asks(world.new, one, was) for one in _variants(new))
        what = f"variants are no longer told apart by {was}"
        yield Change(rule="F38" if asked else "F11", what=what, old=old, new=new)
    if isinstance(old, Union) and isinstance(new, Union):
        yield from _chosen(old, new)


def _tag_asked_for(world: World, old: Type, new: Type, tag: str, before: list[Variant]) -> Found:
    what = f"variants are now told apart by {tag}"
    if any((model := _model(world.old, one)) and tag not in _names(model) for one in before):
        what += ", which was not written before"
        yield Change(rule="F25", what=what, old=old, new=new)
    elif isinstance(old, Union):
        asked = all(_asks(world.old, one, tag) for one in before)
        yield Change(rule="F38" if asked else "F12", what=what, old=old, new=new)


def _asks(models: object, one: Variant, tag: str) -> bool:
    model = _model(models, one)
    return model is not None and any(f.writes == tag and f.required for f in model.fields)


def _chosen(old: Union, new: Union) -> Found:
    """A function that tells variants apart, or their order where the first that fits is taken."""
    was, is_ = old.chooser, new.chooser
    if (was and was.fingerprint) != (is_ and is_.fingerprint):
        what = "the function that tells its variants apart changed"
        yield Change(rule="F33", what=what, old=old, new=new)
    elif old.default_tag != new.default_tag:
        what = f"an unknown variant was read as {old.default_tag!r} and is as {new.default_tag!r}"
        yield Change(rule="F33", what=what, old=old, new=new)
    kept = [one.type for one in old.variants if any(one.type == n.type for n in new.variants)]
    now = [one.type for one in new.variants if any(one.type == o.type for o in old.variants)]
    if old.left_to_right != new.left_to_right or (new.left_to_right and kept != now):
        yield Change(rule="F33", what="its variants are tried in another order", old=old, new=new)


def _has_fallback(world: World, union: Union, added: Variant) -> bool:
    """Whether a reader of the old union takes an object that it has never heard of."""
    if union.default_tag is not None:
        return True
    if union.discriminator or union.chooser:
        return False
    arrived = _model(world.new, added)
    tags = {name for name, _ in _tags(arrived)} if arrived else set()
    an_object = isinstance(added.type, Ref | Dict | Free)
    return any(
        (isinstance(variant.type, Free) and variant.type.kind == "any")
        or (an_object and _takes_all(world, variant.type, tags))
        for variant in union.variants
    )


def _takes_all(world: World, one: Type, tags: set[str | None]) -> bool:
    """Whether any object is read as this; it may ask for the tag, as any text."""
    match one:
        case Free():
            return True
        case Dict():
            return isinstance(one.values, Free) and one.values.kind == "any"
        case Ref():
            model = world.old[one.model]
            fields = [field for field in model.fields if not field.computed]
            return (
                model.extra != "forbid"
                and not model.checks
                and all(field.writes in tags and _any_text(field.type) for field in fields)
            )
        case _:
            return False


def _any_text(one: Type) -> bool:
    return isinstance(one, Scalar) and one.kind == "str" and not one.constraints and not one.checks
