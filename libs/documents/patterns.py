"""Text that a regular expression takes in: enough of the language for the patterns of a contract."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import Any

_ALPHABET = string.ascii_lowercase + string.digits + string.ascii_uppercase + " -_.,:/"
# How often something is repeated beyond what it must be.
_MORE = 7


def text_for(pattern: str, choose: Callable[[int], int]) -> str:
    """A text that the pattern takes in. `choose(n)` is a number below n."""
    parsed = re._parser.parse(pattern)  # type: ignore[attr-defined]  # as of re.compile itself
    return _all(parsed, choose)


def _all(parts: Any, choose: Callable[[int], int]) -> str:
    return "".join(_text(operation, value, choose) for operation, value in parts)


def _text(operation: Any, value: Any, choose: Callable[[int], int]) -> str:
    match str(operation):
        case "LITERAL":
            return chr(value)
        case "IN":
            return _one_of(value, choose)
        case "NOT_LITERAL":
            return next(letter for letter in _ALPHABET if letter != chr(value))
        case "ANY":
            return _ALPHABET[choose(26)]
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            times = least + choose(max(1, min(int(most), least + _MORE) - least + 1))
            return "".join(_all(inner, choose) for _ in range(times))
        case "SUBPATTERN":
            return _all(value[-1], choose)
        case "BRANCH":
            return _all(value[1][choose(len(value[1]))], choose)
        case "CATEGORY":
            return _category(str(value))[choose(10)]
    return ""  # anchors and look-around take no text


def _one_of(choices: Any, choose: Callable[[int], int]) -> str:
    letters: list[str] = []
    for operation, value in choices:
        match str(operation):
            case "LITERAL":
                letters.append(chr(value))
            case "RANGE":
                letters += [chr(code) for code in range(value[0], value[1] + 1)]
            case "CATEGORY":
                letters += _category(str(value))
    if str(choices[0][0]) == "NEGATE":
        letters = [letter for letter in _ALPHABET if letter not in letters]
    return letters[choose(len(letters))]


def _category(name: str) -> str:
    if name.endswith("DIGIT") and "NOT" not in name:
        return string.digits
    return " " * 10 if name.endswith("CATEGORY_SPACE") else string.ascii_lowercase
