"""What a line of text may hold, in each of the languages that read its pattern."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError

from contracts.shared.text import ONE_LINE

LINE: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=ONE_LINE)])
TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def is_line(text: str) -> bool:
    try:
        LINE.validate_python(text)
    except ValidationError:
        return False
    return True


def test_a_line_holds_every_character_that_neither_breaks_nor_turns_nor_controls_it() -> None:
    every = [chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n < 0xE000]
    unfit = {c for c in every if unicodedata.category(c) in ("Cc", "Zl", "Zp")} | set(
        map(chr, TURNING)
    )

    refused = {c for c in every if ord(c) < 0x3000 and not is_line(c)}

    assert refused == unfit
    assert is_line("".join(sorted(set(every) - unfit)))


def test_python_reads_the_pattern_as_pydantic_does() -> None:
    pattern = re.compile(ONE_LINE)

    for text in ("Ada", "", "a\u200db", "a\nb", "a\n", "a\x85", "a\u2028", "a\u202e", "a\0"):
        assert bool(pattern.fullmatch(text)) == is_line(text), repr(text)
