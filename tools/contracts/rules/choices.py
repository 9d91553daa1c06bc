"""Enums and Literals: which values may come (F18 to F22, F35)."""

from __future__ import annotations

from collections.abc import Mapping

from tools.contracts.form.model import Choice, Json, Scalar, Type
from tools.contracts.rules.change import Change, Found
from tools.contracts.rules.constraints import admits
from tools.contracts.rules.spelling import listed, spelt


def choices(old: Choice, new: Choice) -> Found:
    """Values that came, went, or are called otherwise."""
    if old.values and new.values and not _kinds(old) & _kinds(new):
        yield Change(rule="F13", what=f"was {_values(old)} and is {_values(new)}", old=old, new=new)
        return
    renamed = _renamed(old, new)
    if renamed:
        said = ", ".join(f"{was!r} is now {is_!r}" for was, is_ in renamed.items())
        yield Change(rule="F20", what=said, old=old, new=new)
    added = tuple(v for v in new.values if not _holds(old.values, v) and v not in renamed.values())
    gone = tuple(v for v in old.values if not _holds(new.values, v) and v not in renamed)
    if added:
        case = "open" if old.open else ""
        yield Change(rule="F18", case=case, what=f"may now be {listed(added)}", old=old, new=new)
    if gone:
        yield Change(rule="F19", what=f"may no longer be {listed(gone)}", old=old, new=new)
    if old.open and not new.open:
        yield Change(rule="F12", what="was open to new values and is closed", old=old, new=new)
    if new.open and not old.open:
        yield Change(rule="F11", what="is now open to new values", old=old, new=new)
    yield from _reserved(old, new)


def _reserved(old: Choice, new: Choice) -> Found:
    again = tuple(v for v in new.values if _holds(old.reserved, v))
    given_up = tuple(v for v in old.reserved if not _holds(new.reserved, v) and v not in again)
    if again:
        yield Change(rule="F35", what=f"uses {listed(again)} again", old=old, new=new)
    if given_up:
        yield Change(rule="F35", what=f"no longer reserves {listed(given_up)}", old=old, new=new)


def _renamed(old: Choice, new: Choice) -> Mapping[Json, Json]:
    """Values that are now written otherwise: their name in the enum stayed, or one went and one came,
    which is taken for the same one. A Literal has no names: there it is one that went and one that came."""
    was = dict(zip(old.names, old.values, strict=False))
    is_ = dict(zip(new.names, new.values, strict=False))
    renamed = {was[n]: is_[n] for n in was if n in is_ and was[n] != is_[n]}
    gone = [v for v in old.values if not _holds(new.values, v) and v not in renamed]
    come = [v for v in new.values if not _holds(old.values, v) and v not in renamed.values()]
    if len(gone) == len(come) == 1 and old.enum and new.enum:
        renamed[gone[0]] = come[0]
    return renamed


def scalar_and_choice(old: Type, new: Type) -> Found:
    """A text that became one of some, or one of some that became any text."""
    choice, scalar = (old, new) if isinstance(old, Choice) else (new, old)
    assert isinstance(choice, Choice) and isinstance(scalar, Scalar)
    what = f"was {spelt(old)} and is {spelt(new)}"
    if not all(admits(scalar, value) for value in choice.values):
        yield Change(rule="F13", what=what, old=old, new=new)
    else:
        yield Change(rule="F22" if choice is old else "F21", what=what, old=old, new=new)


def _values(one: Choice) -> str:
    return f"one of {listed(one.values)}"


def _kinds(one: Choice) -> set[type]:
    return {type(value) for value in one.values}


def _holds(values: tuple[Json, ...], value: Json) -> bool:
    # To Python, True is 1.
    return any(one == value and type(one) is type(value) for one in values)
