"""Texts that a pattern admits."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import lru_cache

# See automaton.py.
from re import _constants as said  # type: ignore[attr-defined]  # typeshed has no private modules
from re import _parser as parser  # type: ignore[attr-defined]  # typeshed has no private modules
from typing import Any

from tools.contracts.rules.automaton import State, Undecidable, automaton
from tools.contracts.rules.patterns import MOST_STATES, alphabet


@lru_cache(maxsize=1024)
def text(pattern: str | None, least: int = 0, most: int | None = None) -> str | None:
    """The shortest text with these bounds that the pattern admits; None when there is none, or none
    can be found."""
    if pattern is None:
        return "a" * least
    try:
        searched = automaton(pattern)
    except Undecidable:
        return guess(pattern)
    letters = alphabet(searched)
    first = (searched.start(), 0)
    pending: deque[tuple[State, str]] = deque([(first[0], "")])
    seen = {first}
    while pending and len(seen) < MOST_STATES:
        state, read = pending.popleft()
        if len(read) >= least and searched.accepts(state):
            return read
        if most is not None and len(read) >= most:
            continue
        for letter in letters:
            after = searched.step(state, letter)
            # Longer texts in one state differ only while they are still too short.
            key = (after, min(len(read) + 1, least))
            if key not in seen:
                seen.add(key)
                pending.append((after, read + letter))
    return None


def guess(pattern: str) -> str | None:
    """A text that the pattern may admit, where it cannot be told for certain: what it spells out, with
    each choice taken the first way."""
    try:
        return "".join(_spelt(parser.parse(pattern)))
    except (re.error, OverflowError, RecursionError):
        return None


def _spelt(parsed: Any) -> Iterator[str]:
    for code, argument in parsed:
        if code is said.LITERAL:
            yield chr(argument)
        elif code is said.IN:
            yield from _first(argument)
        elif code is said.ANY:
            yield "a"
        elif code is said.BRANCH:
            yield from _spelt(argument[1][0])
        elif code is said.SUBPATTERN:
            yield from _spelt(argument[3])
        elif code in (said.MAX_REPEAT, said.MIN_REPEAT):
            yield "".join(_spelt(argument[2])) * argument[0]


def _first(members: Any) -> Iterator[str]:
    code, argument = members[0]
    if code is said.LITERAL:
        yield chr(argument)
    elif code is said.RANGE:
        yield chr(argument[0])
    else:
        yield "7" if code is said.CATEGORY and argument is said.CATEGORY_DIGIT else "a"
