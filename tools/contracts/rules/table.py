"""Every rule: its verdict in each direction, what follows from the change, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.contracts.rules.table_contract import CONTRACT
from tools.contracts.rules.table_fields import FIELDS
from tools.contracts.rules.verdict import Direction, Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. `verdicts` of a rule about fields are by direction (one is missing where the
    change means nothing); a rule about operations and events has a `single` one."""

    rule: str
    case: str
    verdicts: Mapping[Direction, Verdict]
    single: Verdict | None
    follows: str
    mend: str


def row(rule: str, case: str = "") -> Row:
    """The row of a rule, and of one of its cases. Raises KeyError."""
    return ROWS[rule, case]


def _read(table: str) -> dict[tuple[str, str], Row]:
    rows = {}
    for entry in re.split(r"\n(?=\S)", table.strip()):
        head, follows, mend = (" ".join(part.split()) for part in entry.split("\n  - "))
        name, _, said = head.partition(": ")
        rule, _, case = name.partition(" ")
        verdicts = said.split()
        fields = len(verdicts) == len(Direction)
        rows[rule, case] = Row(
            rule,
            case,
            {d: Verdict(v) for d, v in zip(Direction, verdicts, strict=True) if v != "-"}
            if fields
            else {},
            None if fields else Verdict(said),
            follows,
            mend,
        )
    return rows


ROWS: Mapping[tuple[str, str], Row] = _read(FIELDS) | _read(CONTRACT)
RULES: tuple[str, ...] = tuple(dict.fromkeys(rule for rule, _ in ROWS))
