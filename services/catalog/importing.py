"""Importing product files: what is good is written in batches, what is refused is reported by line.

`stock` is how many units a product begins with. It counts when the product is new, so that importing
a file again changes nothing, whatever was sold in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.orm import Session

from libs.db import Database
from libs.telemetry.logs import get_logger
from services.catalog.product_files import Format, Row, read

log = get_logger(__name__)

BATCH = 200
# Of a file of another kind every line is refused; nobody reads further.
MOST_REFUSALS_SHOWN = 1000

_WRITE = text("""
    INSERT INTO product AS known
        (sku, name, description, category, price_cents, currency, attributes)
    SELECT sku, name, description, category, price_cents, currency, attributes
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (sku text, name text, description text,
        category text, price_cents bigint, currency text, attributes jsonb)
    ORDER BY sku
    ON CONFLICT (sku) DO UPDATE SET name = excluded.name, description = excluded.description,
        category = excluded.category, price_cents = excluded.price_cents,
        currency = excluded.currency, attributes = excluded.attributes, changed_at = now()
    WHERE (known.name, known.description, known.category, known.price_cents, known.currency,
           known.attributes)
        IS DISTINCT FROM (excluded.name, excluded.description, excluded.category,
                          excluded.price_cents, excluded.currency, excluded.attributes)
    RETURNING sku""")

_STOCK = text("""
    INSERT INTO stock (sku, supplied, on_hand)
    SELECT sku, units, units
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (sku text, units bigint) ORDER BY sku
    ON CONFLICT (sku) DO NOTHING RETURNING sku, supplied""")

_NOTE_STOCK = text("""
    INSERT INTO stock_change (key, sku, units)
    SELECT 'import:' || sku, sku, supplied FROM stock WHERE sku = ANY(:skus) AND supplied > 0""")


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was left out, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class Report:
    """What became of a file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)

    def refuse(self, refused: Refused) -> None:
        """Count a line that is left out, and show it while there are not too many."""
        self.refused += 1
        if len(self.refusals) < MOST_REFUSALS_SHOWN:
            self.refusals.append(refused)

    def as_json(self) -> str:
        """For machines; `refusals` has at most the first thousand."""
        return json.dumps(asdict(self), ensure_ascii=False)


def load(database: Database, lines: Iterable[bytes], kind: Format) -> Report:
    """Add and change products as the lines say. Raises Unavailable: what came before is kept, and
    repeating it all is safe."""
    report = Report()
    first_seen: dict[str, int] = {}
    batch: list[Row] = []
    for number, row in read(lines, kind):
        if isinstance(row, str):
            report.refuse(Refused(number, row))
        elif (before := first_seen.setdefault(row.sku, number)) != number:
            # Which of the two counts would change with each import.
            report.refuse(Refused(number, f"sku: {row.sku} stands in line {before} already"))
        else:
            batch.append(row)
        if len(batch) >= BATCH:
            _write(database, batch, report)
            batch.clear()
    _write(database, batch, report)
    log.info("imported", added=report.added, changed=report.changed, refused=report.refused)
    return report


def _write(database: Database, batch: list[Row], report: Report) -> None:
    if not batch:
        return
    with database.transaction() as session:
        written = set(session.scalars(_WRITE, {"rows": json.dumps([_columns(r) for r in batch])}))
        added = _begin_stock(session, batch)
    report.added += len(added)
    report.changed += len(written - added)
    report.unchanged += len(batch) - len(written | added)


def _begin_stock(session: Session, batch: list[Row]) -> set[str]:
    units = json.dumps([{"sku": row.sku, "units": row.stock} for row in batch])
    new = session.execute(_STOCK, {"rows": units}).all()
    if stocked := [row.sku for row in new if row.supplied > 0]:
        session.execute(_NOTE_STOCK, {"skus": stocked})
    return {row.sku for row in new}


def _columns(row: Row) -> dict[str, JsonValue]:
    return {
        "sku": row.sku,
        "name": row.name,
        "description": row.description,
        "category": row.category,
        "price_cents": row.price.cents,
        "currency": row.price.currency,
        "attributes": row.attributes,
    }
