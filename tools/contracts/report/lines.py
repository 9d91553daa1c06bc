"""Lines that fit a page: labels, hanging paragraphs, and code that is never cut."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

WIDTH = 80
INDENT = 4
_LABEL = 9


class Page:
    """Prints lines of at most 80 columns; only a path or a payload without spaces may be longer."""

    def __init__(self, out: Console) -> None:
        self._out = out

    def blank(self) -> None:
        self._out.print()

    def line(self, *parts: str | tuple[str, str]) -> None:
        """One line of parts, each with a style or without."""
        self._out.print(Text.assemble(*parts), soft_wrap=True)

    def heading(self, text: str) -> None:
        """What the next lines are about."""
        self.line((text, "bold"))

    def paragraph(self, text: str, style: str = "", indent: int = 0) -> None:
        """A text, broken between words."""
        for part in _broken(text, WIDTH - indent):
            self.line(" " * indent, (part, style))

    def hanging(self, first: str, text: str, style: str = "") -> None:
        """A text that begins after `first`, whose further lines are indented."""
        head, *rest = _broken(text, WIDTH - len(first)) or [""]
        # A place and a rule may take most of the line: then the text begins on the next one.
        if len(first) + len(head) > WIDTH:
            self.line((first, f"bold {style}"))
            self.paragraph(text, indent=INDENT)
            return
        self.line((first, f"bold {style}"), head)
        if rest:
            self.paragraph(" ".join(rest), indent=INDENT)

    def labelled(self, label: str, text: str, style: str = "") -> None:
        """A text beside what it is."""
        for part in _broken(text, WIDTH - INDENT - _LABEL):
            self.line(" " * INDENT, (f"{label:<{_LABEL}}", "dim"), (part, style))
            label = ""


def _broken(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, max(width, 20), break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def many(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def listed(names: tuple[str, ...] | list[str], most: int = 3) -> str:
    """`a, b and c`; of many only the first."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def places(found: Iterator[tuple[str, int]] | list[tuple[str, int]]) -> list[str]:
    """`file:3, 7` for each file."""
    lines: dict[str, list[int]] = {}
    for file, line in found:
        if line not in lines.setdefault(file, []):
            lines[file].append(line)
    return [f"{file}:{', '.join(map(str, sorted(numbers)))}" for file, numbers in lines.items()]
