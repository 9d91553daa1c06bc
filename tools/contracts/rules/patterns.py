"""Whether each text that one pattern admits is admitted by another too.

Both are read as pydantic reads them: a pattern is searched for, `$` is the end of the text. They are
run side by side over one character of each kind that either can tell apart (the product of their
subset automata); the first text that only the inner one admits decides. What is beyond regular
languages, or too large, stays undecided.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from tools.contracts.rules.automaton import Automaton, Undecidable, automaton

# Half a second's worth: so many states, and so many places in them.
MOST_STATES, MOST_PLACES = 4000, 100_000


def includes(outer: str | None, inner: str | None) -> bool | None:
    """Whether `outer` admits all that `inner` does (None is no pattern); None when undecided."""
    if outer is None or outer == inner:
        return True
    try:
        return witness(outer, inner) is None
    except Undecidable:
        return None


@lru_cache(maxsize=1024)
def witness(outer: str, inner: str | None) -> str | None:
    """The shortest text that `inner` admits and `outer` does not, or None when there is none. Raises
    Undecidable."""
    wide, narrow = automaton(outer), automaton(inner or "")
    letters = alphabet(wide, narrow)
    first = (wide.start(), narrow.start())
    seen, pending = {first}, deque([(first, "")])
    places = 0
    while pending:
        (one, other), text = pending.popleft()
        places += (len(one[0]) + len(other[0])) * len(letters)
        if places > MOST_PLACES:
            raise Undecidable("too many places")
        if narrow.accepts(other) and not wide.accepts(one):
            return text
        for letter in letters:
            follows = (wide.step(one, letter), narrow.step(other, letter))
            if follows not in seen:
                if len(seen) > MOST_STATES:
                    raise Undecidable("too many states")
                seen.add(follows)
                pending.append((follows, text + letter))
    return None


# One of each kind beyond ASCII: a letter, a digit, a blank, a sign, one beyond 16 bits.
_OTHERS = "é٣\u2003€😀"


def alphabet(*both: Automaton) -> list[str]:
    """One character for each way in which the sets of the automata can hold it or not."""
    edges = {edge for one in both for edge in one.edges}
    letters = [*map(chr, range(128)), *_OTHERS]
    letters += [chr(point) for point in sorted(edges) if 128 <= point < 0x110000]
    kinds: dict[tuple[bool, ...], str] = {}
    # A letter reads better in a counter-example than a control character.
    for letter in sorted(letters, key=lambda one: (not one.isalnum(), not one.isprintable(), one)):
        if not 0xD800 <= ord(letter) < 0xE000:
            kinds.setdefault(tuple(held(letter) for one in both for held in one.sets), letter)
    return list(kinds.values())
