"""A regular expression as an automaton that is run over a text, character by character."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

# The standard library's own parser; private in name, unchanged since 3.11.
from re import _constants as said  # type: ignore[attr-defined]  # typeshed has no private modules
from re import _parser as parser  # type: ignore[attr-defined]  # typeshed has no private modules
from typing import Any, TypeAlias

Held: TypeAlias = Callable[[str], bool]
State: TypeAlias = tuple[frozenset[int], bool, bool]
"""The places in the automaton, whether nothing was read yet, whether it has matched already."""

MOST_PLACES = 12_000


class Undecidable(Exception):
    """This expression cannot be told as an automaton of a bearable size."""


def automaton(pattern: str) -> Automaton:
    """The automaton of a pattern that is searched for. Raises Undecidable."""
    try:
        # The end of the text has another name in Rust, in which pydantic searches.
        parsed = parser.parse(re.sub(r"(?<!\\)((?:\\\\)*)\\z", r"\1\\Z", pattern))
    except (re.error, OverflowError, RecursionError) as error:
        raise Undecidable(str(error)) from error
    if parsed.state.flags & ~re.UNICODE:
        raise Undecidable("flags")
    return Automaton(parsed)


class Automaton:
    """States are sets of places, as many as are needed; places are numbers."""

    def __init__(self, parsed: Any) -> None:
        self.sets: list[Held] = []
        self.edges: set[int] = set()
        self._reads: dict[int, tuple[Held, int]] = {}
        self._free: dict[int, list[tuple[str, int]]] = {}
        self._last = 0
        self._first = self._place()
        self._end = self._sequence(parsed, self._first)

    def start(self) -> State:
        """Before the first character."""
        return self._state({self._first}, fresh=True, matched=False)

    def step(self, state: State, letter: str) -> State:
        """After one more character."""
        places, _, matched = state
        if matched:
            return (frozenset(), False, True)
        after = {
            self._reads[place][1]
            for place in places
            if place in self._reads and self._reads[place][0](letter)
        }
        # A search may also begin here.
        return self._state(after | {self._first}, fresh=False, matched=False)

    def accepts(self, state: State) -> bool:
        """Whether the text that was read so far is admitted as it is."""
        places, fresh, matched = state
        return matched or self._end in self._closure(places, fresh=fresh, done=True)

    def _state(self, places: set[int], *, fresh: bool, matched: bool) -> State:
        reached = self._closure(places, fresh=fresh, done=False)
        if matched or self._end in reached:
            return (frozenset(), False, True)
        kept = frozenset(p for p in reached if p in self._reads or self._waits(p))
        return (kept, fresh, False)

    def _waits(self, place: int) -> bool:
        return any(when == "end" for when, _ in self._free.get(place, ()))

    def _closure(self, places: Iterable[int], *, fresh: bool, done: bool) -> set[int]:
        reached, pending = set(places), list(places)
        while pending:
            for when, onward in self._free.get(pending.pop(), ()):
                open_ = not when or (when == "start" and fresh) or (when == "end" and done)
                if open_ and onward not in reached:
                    reached.add(onward)
                    pending.append(onward)
        return reached

    def _place(self) -> int:
        self._last += 1
        if self._last > MOST_PLACES:
            raise Undecidable("too many places")
        return self._last

    def _go(self, start: int, onward: int, when: str = "") -> None:
        self._free.setdefault(start, []).append((when, onward))

    def _sequence(self, parsed: Any, start: int) -> int:
        for code, argument in parsed:
            start = self._one(code, argument, start)
        return start

    def _one(self, code: Any, argument: Any, start: int) -> int:
        end = self._place()
        if code in (said.LITERAL, said.NOT_LITERAL, said.ANY, said.IN):
            held = self._held(code, argument)
            self.sets.append(held)
            # A place that reads does nothing else, so that one may lead to it freely.
            reader = self._place()
            self._go(start, reader)
            self._reads[reader] = (held, end)
        elif code is said.BRANCH:
            for branch in argument[1]:
                self._go(self._sequence(branch, self._branch(start)), end)
        elif code is said.SUBPATTERN:
            _, added, removed, inner = argument
            if added or removed:
                raise Undecidable("flags")
            self._go(self._sequence(inner, start), end)
        elif code in (said.MAX_REPEAT, said.MIN_REPEAT):
            least, most, inner = argument
            self._repeat(least, most, inner, start, end)
        elif code is said.AT and argument in (said.AT_BEGINNING, said.AT_BEGINNING_STRING):
            self._go(start, end, "start")
        elif code is said.AT and argument in (said.AT_END, said.AT_END_STRING):
            self._go(start, end, "end")
        else:
            raise Undecidable(str(code))
        return end

    def _branch(self, start: int) -> int:
        place = self._place()
        self._go(start, place)
        return place

    def _repeat(self, least: int, most: Any, inner: Any, start: int, end: int) -> None:
        for _ in range(least):
            start = self._sequence(inner, self._branch(start))
        if most is said.MAXREPEAT:
            again = self._branch(start)
            self._go(self._sequence(inner, again), again)
            self._go(again, end)
            return
        for _ in range(most - least):
            self._go(start, end)
            start = self._sequence(inner, self._branch(start))
        self._go(start, end)

    def _held(self, code: Any, argument: Any) -> Held:
        if code is said.ANY:
            return lambda letter: letter != "\n"
        if code is said.IN:
            negated = argument[0][0] is said.NEGATE
            members = [self._member(*one) for one in argument[negated:]]
            return lambda letter: any(held(letter) for held in members) is not negated
        self._edge(argument, argument)
        if code is said.NOT_LITERAL:
            return lambda letter: ord(letter) != argument
        return lambda letter: ord(letter) == argument

    def _member(self, code: Any, argument: Any) -> Held:
        if code is said.LITERAL:
            return self._held(code, argument)
        if code is said.RANGE:
            low, high = argument
            self._edge(low, high)
            return lambda letter: low <= ord(letter) <= high
        if code is said.CATEGORY and argument in _CATEGORIES:
            return _CATEGORIES[argument]
        raise Undecidable(str(argument))

    def _edge(self, low: int, high: int) -> None:
        self.edges |= {low - 1, low, (low + high) // 2, high, high + 1}


def _category(pattern: str) -> Held:
    compiled = re.compile(pattern)
    return lambda letter: compiled.match(letter) is not None


_CATEGORIES: dict[Any, Held] = {
    said.CATEGORY_DIGIT: _category(r"\d"),
    said.CATEGORY_NOT_DIGIT: _category(r"\D"),
    said.CATEGORY_SPACE: _category(r"\s"),
    said.CATEGORY_NOT_SPACE: _category(r"\S"),
    said.CATEGORY_WORD: _category(r"\w"),
    said.CATEGORY_NOT_WORD: _category(r"\W"),
}
