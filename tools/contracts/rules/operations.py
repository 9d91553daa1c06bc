"""Operations: what is asked where, by whom, and how it ends (O01 to O15)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.contracts.form.model import Operation, Page
from tools.contracts.rules.answers import answers
from tools.contracts.rules.change import Change


@dataclass(frozen=True, slots=True)
class Said:
    """A change of an operation, event or problem, which has a name instead of a model."""

    subject: str
    change: Change


def pairs(old: Page, new: Page) -> list[tuple[Operation, Operation]]:
    """Operations that are the same one: by method and path, else by name."""
    found = []
    left = {(one.method, _shape(one.path)): one for one in old.operations}
    rest = []
    for one in new.operations:
        was = left.pop((one.method, _shape(one.path)), None)
        if was is None:
            rest.append(one)
        else:
            found.append((was, one))
    by_name = {one.name: one for one in left.values()}
    found += [(by_name[one.name], one) for one in rest if one.name in by_name]
    return found


def operations(old: Page, new: Page) -> Iterator[Said]:
    """What changed about the operations, their messages aside."""
    both = pairs(old, new)
    kept, met = {was.name for was, _ in both}, {is_.name for _, is_ in both}
    for one in new.operations:
        if one.name not in met:
            what = f"{one.method} {one.path} is new"
            yield Said(one.name, Change(rule="O01", what=what, where=one.where))
    for one in old.operations:
        if one.name not in kept:
            yield Said(one.name, _removed(one))
    for was, is_ in both:
        for change in _changed(was, is_):
            yield Said(is_.name, change)


def _removed(one: Operation) -> Change:
    what = f"{one.method} {one.path} is gone"
    if one.sunset:
        what += f", whose sunset is {one.sunset}"
    elif not one.deprecated:
        what += ", which was not deprecated before"
    case = "sunset" if one.sunset else ""
    return Change(rule="O02", case=case, what=what, where=one.where, removed=True)


def _changed(old: Operation, new: Operation) -> Iterator[Change]:
    for change in (
        *_named(old, new),
        *_body(old, new),
        *answers(old, new),
        *_access(old, new),
        *_limits(old, new),
        *lifetime(old, new, "O02"),
    ):
        yield Change(rule=change.rule, case=change.case, what=change.what, where=new.where)


def _named(old: Operation, new: Operation) -> Iterator[Change]:
    if old.name != new.name:
        yield Change(rule="O15", what=f"was {old.name}, and the wire is as before")
    if old.method != new.method or _shape(old.path) != _shape(new.path):
        what = f"was {old.method} {old.path} and is {new.method} {new.path}"
        if old.method == new.method and len(new.placeholders) > len(old.placeholders):
            yield Change(rule="O04", case="added", what=what)
        else:
            yield Change(rule="O03", what=what)
    elif old.placeholders != new.placeholders:
        what = f"its path was {old.path} and is {new.path}"
        yield Change(rule="O04", case="renamed", what=what)


def _body(old: Operation, new: Operation) -> Iterator[Change]:
    if new.in_body and not old.in_body:
        # Which of the two is said by the fields; see compare.py.
        yield Change(rule="O06", case="added", what="has a body now")
    elif old.in_body and not new.in_body:
        yield Change(rule="O06", case="removed", what="has no body any more")
    elif old.in_body and old.media != new.media:
        what = f"its body was {old.media} and is {new.media}"
        yield Change(rule="O10", case="removed", what=what)


_COVERS = {
    "Anyone": {"Anyone", "User", "Admin", "Service"},
    "User": {"User", "Admin"},
}


def _access(old: Operation, new: Operation) -> Iterator[Change]:
    was = {kind for one in old.callers for kind in _COVERS.get(one, {one})}
    is_ = {kind for one in new.callers for kind in _COVERS.get(one, {one})}
    what = f"was for {' | '.join(old.callers)} and is for {' | '.join(new.callers)}"
    if was - is_:
        yield Change(rule="O11", case="narrowed", what=what)
    if is_ - was:
        yield Change(rule="O11", case="widened", what=what)
    if old.repeat != new.repeat:
        case = f"{old.repeat} to {new.repeat}"
        yield Change(rule="O12", case=case, what=f"was {old.repeat} and is {new.repeat}")


def _limits(old: Operation, new: Operation) -> Iterator[Change]:
    if old.deadline_s != new.deadline_s:
        case = "reduced" if new.deadline_s < old.deadline_s else "raised"
        what = f"its deadline was {old.deadline_s:g} s and is {new.deadline_s:g} s"
        yield Change(rule="O13", case=case, what=what)
    was, is_ = old.rate_per_minute, new.rate_per_minute
    if was != is_:
        case = "reduced" if is_ is not None and (was is None or is_ < was) else "raised"
        what = f"its limit was {_rate(was)} and is {_rate(is_)}"
        yield Change(rule="O13", case=case, what=what)


def _rate(per_minute: int | None) -> str:
    return "none" if per_minute is None else f"{per_minute} a minute"


def lifetime(old: object, new: object, rule: str) -> Iterator[Change]:
    """A sunset may only move later: who planned by it must not be hurried."""
    was, is_ = getattr(old, "sunset", None), getattr(new, "sunset", None)
    if was is not None and is_ is not None and is_ < was:
        what = f"its sunset was {was} and is {is_}, earlier"
        yield Change(rule=rule, case="hurried", what=what)


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)
