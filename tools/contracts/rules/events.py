"""Events: their names, their order and how long they are kept (E01, E02, E04, E06, E07)."""

from __future__ import annotations

from collections.abc import Iterator

from tools.contracts.form.model import Event, Page
from tools.contracts.rules.change import Change
from tools.contracts.rules.operations import lifetime


def event_pairs(old: Page, new: Page) -> list[tuple[Event, Event]]:
    """Events that are the same one: by their name on the wire, else by that of their class."""
    now = {one.type: one for one in new.events}
    found = [(one, now[one.type]) for one in old.events if one.type in now]
    before = {one.type for one in old.events}
    by_class = {one.name: one for one in new.events if one.type not in before}
    return found + [
        (one, by_class[one.name])
        for one in old.events
        if one.type not in now and one.name in by_class
    ]


def events(old: Page, new: Page) -> Iterator[tuple[str, Change]]:
    """What changed about the events, their data aside, with the name of each."""
    both = event_pairs(old, new)
    kept, met = {was.type for was, _ in both}, {is_.type for _, is_ in both}
    for one in new.events:
        if one.type not in met:
            yield one.name, _added(old, one)
    for one in old.events:
        if one.type not in kept:
            what = f"{one.type} is gone"
            yield (
                one.name,
                Change(rule="E01", case="removed", what=what, where=one.where, removed=True),
            )
    for was, is_ in both:
        for change in (*_changed(old, new, was, is_), *lifetime(was, is_, "E01")):
            yield (
                is_.name,
                Change(rule=change.rule, case=change.case, what=change.what, where=is_.where),
            )


def _added(old: Page, one: Event) -> Change:
    fact, version = _version(one.type)
    for other in old.events:
        if (said := _version(other.type))[0] == fact and said[1] < version:
            what = f"is version {version} of {fact}, beside {other.type}"
            return Change(rule="E07", what=what, where=one.where)
    return Change(rule="E01", case="added", what=f"{one.type} is new", where=one.where)


def _version(wire: str) -> tuple[str, int]:
    fact, _, version = wire.rpartition(".v")
    return (fact, int(version)) if version.isdecimal() else (wire, 0)


def _changed(before: Page, after: Page, old: Event, new: Event) -> Iterator[Change]:
    if old.type != new.type:
        yield Change(rule="E02", what=f"was {old.type} on the wire and is {new.type}")
    elif old.name != new.name:
        yield Change(rule="F37", what=f"was {old.name}, and is {new.type} on the wire as before")
    was, is_ = _key(before, old), _key(after, new)
    if was != is_:
        yield Change(rule="E04", what=f"was in order by {was} and is by {is_}")
    kept, keeps = old.retention_days, new.retention_days
    # A form without the number is from a time when contracts did not say it.
    if kept is not None and keeps is not None and keeps < kept:
        yield Change(rule="E06", what=f"was kept {kept} days and is {keeps} days")


def _key(page: Page, event: Event) -> str:
    """The key by its name on the wire; what it is called in Python orders nothing."""
    if not event.key:
        return "nothing"
    return page.model(event.model).named(event.key).writes or event.key
