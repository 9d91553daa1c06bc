"""What a benchmark found: a table for people, JSON for machines, and whether its targets hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tools.bench.peers import INSTALL


@dataclass
class Report:
    """Rows of figures under a heading, and the targets that they are held against."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def row(self, *cells: str) -> None:
        """A row as it is printed."""
        self.rows.append(cells)

    def target(self, what: str, value: float, at_most: float) -> None:
        """Hold a figure against its target of performance."""
        met = value <= at_most
        self.targets.append({"what": what, "value": value, "at_most": at_most, "met": met})

    def missing(self, library: str, consequence: str) -> None:
        """Say which peer is not installed, and how to have it."""
        self.remarks.append(f"{library} is not installed: {consequence}. To have it: {INSTALL}")

    def as_table(self) -> str:
        """For a terminal."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (self.columns, *self.rows)
        ]
        lines.insert(1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
        for target in self.targets:
            verdict = "ok    " if target["met"] else "MISSED"
            lines.append(
                f"{verdict}  {target['what']}: {target['value']:.4g} (at most {target['at_most']:g})"
            )
        return "\n".join([self.title, "", *lines, *self.remarks])

    def as_json(self) -> str:
        """For machines."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return json.dumps(
            {
                "benchmark": self.name,
                "title": self.title,
                "rows": rows,
                "targets": self.targets,
                "remarks": self.remarks,
            },
            indent=2,
        )
