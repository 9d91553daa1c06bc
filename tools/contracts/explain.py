"""The page of a rule, on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from tools.contracts.rules.table import RULES
from tools.dev.errors import Refusal

PAGES = "docs/contracts"


def explain(root: Path, rule: str | None) -> None:
    """Print the page of a rule, or a line for each rule. Raises Refusal for one that there is not."""
    if rule is None:
        for name in RULES:
            print(f"{name:<5} {_title(root / PAGES / f'{name}.md')}")
        return
    named = {name.lower(): name for name in RULES}.get(rule.lower())
    if named is None:
        raise Refusal(f"there is no rule {rule}; ./dev contracts explain lists them", code=2)
    for line in _reflowed((root / PAGES / f"{named}.md").read_text(encoding="utf-8")):
        print(line)


def _reflowed(text: str) -> Iterator[str]:
    """The page in 80 columns; code and tables stay as they are."""
    for number, part in enumerate(text.rstrip("\n").split("\n\n")):
        if number:
            yield ""
        if part.startswith(("|", "```", "#", "- ")) or "\n```" in part:
            yield part
        else:
            yield from textwrap.wrap(part, 80, break_on_hyphens=False, break_long_words=False)


def _title(page: Path) -> str:
    """The first heading without the rule's own name."""
    first = page.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").partition(" ")[2]
