"""How an operation ends well, and how it is refused (O07 to O10, O14)."""

from __future__ import annotations

from collections.abc import Iterator

from tools.contracts.form.model import Answer, Header, Operation, Page, Problem
from tools.contracts.rules.change import Change


def paired(old: Operation, new: Operation) -> list[tuple[Answer, Answer]]:
    """Answers that stand for each other: of one status, or the only ones."""
    if len(old.answers) == len(new.answers) == 1:
        return [(old.answers[0], new.answers[0])]
    now = {one.status: one for one in new.answers}
    return [(one, now[one.status]) for one in old.answers if one.status in now]


def answers(old: Operation, new: Operation) -> Iterator[Change]:
    """What changed about the ways to end, their models aside."""
    was, is_ = {one.status for one in old.answers}, {one.status for one in new.answers}
    for status in sorted(was - is_):
        yield Change(rule="O07", case="removed", what=f"no longer answers with {status}")
    for status in sorted(is_ - was):
        yield Change(rule="O07", case="added", what=f"may now answer with {status}")
    for one, other in paired(old, new):
        yield from _answer(one, other)
    yield from _refusals(old, new)


def _answer(old: Answer, new: Answer) -> Iterator[Change]:
    if new.paged and not old.paged and old.type is not None:
        yield Change(rule="O14", what="answered the whole list and answers a page of it")
    if old.type is not None and new.type is None and old.status == new.status:
        yield Change(rule="O10", case="removed", what="answers nothing any more")
    elif old.media != new.media and old.status == new.status:
        yield Change(rule="O10", case="added", what=f"now answers {new.media}")
        yield Change(rule="O10", case="removed", what=f"no longer answers {old.media}")
    yield from headers(old.headers, new.headers)


def headers(old: tuple[Header, ...], new: tuple[Header, ...]) -> Iterator[Change]:
    """Headers that a reader may have counted on."""
    now = {one.name.lower(): one for one in new}
    for one in old:
        other = now.get(one.name.lower())
        if other is None:
            case = "required" if one.required else "optional"
            yield Change(rule="O09", case=case, what=f"the header {one.name} is gone")
        elif one.required and not other.required:
            what = f"the header {one.name} may now be missing"
            yield Change(rule="O09", case="loosened", what=what)


def _refusals(old: Operation, new: Operation) -> Iterator[Change]:
    for problem in sorted(set(new.problems) - set(old.problems)):
        yield Change(rule="O08", case="added", what=f"may now be refused with {problem}")
    for problem in sorted(set(old.problems) - set(new.problems)):
        yield Change(rule="O08", case="removed", what=f"is no longer refused with {problem}")


def problem_pairs(old: Page, new: Page) -> list[tuple[Problem, Problem]]:
    """Problems of one type on the wire."""
    now = {one.type: one for one in new.problems}
    return [(one, now[one.type]) for one in old.problems if one.type in now]


def problems(old: Page, new: Page) -> Iterator[tuple[str, Change]]:
    """What changed about the problems, their fields aside, with the name of each."""
    for was, is_ in problem_pairs(old, new):
        for change in _problem(was, is_):
            yield (
                is_.name,
                Change(rule=change.rule, case=change.case, what=change.what, where=is_.where),
            )
    for was, is_ in renamed(old, new):
        what = f"was {was.type} on the wire and is {is_.type}"
        yield is_.name, Change(rule="F37", case="named", what=what, where=is_.where)


def renamed(old: Page, new: Page) -> list[tuple[Problem, Problem]]:
    """Problems that are the same but for their type, which is taken from the class's name."""
    before, after = {one.type for one in old.problems}, {one.type for one in new.problems}
    gone = [one for one in old.problems if one.type not in after]
    come = [one for one in new.problems if one.type not in before]
    return [
        (was, is_)
        for was in gone
        for is_ in come
        if (was.status, was.title) == (is_.status, is_.title)
        and old.model(was.model).fields == new.model(is_.model).fields
    ]


def _problem(old: Problem, new: Problem) -> Iterator[Change]:
    if old.status != new.status:
        what = f"its status was {old.status} and is {new.status}"
        yield Change(rule="O08", case="status", what=what)
    if old.title != new.title:
        what = f"its title was {old.title!r} and is {new.title!r}"
        yield Change(rule="O08", case="title", what=what)
    if old.media != new.media:
        yield Change(rule="O10", case="removed", what=f"was {old.media} and is {new.media}")
    yield from headers(old.headers, new.headers)
