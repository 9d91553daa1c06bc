"""Product files: read line by line, written in batches; what is refused is reported by line.

JSON lines hold a product each, as PutProduct takes it. CSV has a heading: sku, name, category and
price_cents, and if wanted description, currency, stock, attributes (a JSON object) and columns such as
`attributes.material`, whose empty cells are left out.

`stock` is how many units a product begins with. It counts when the product is new, so that importing
a file again changes nothing, whatever was sold in between.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from contracts.catalog import v1 as catalog
from contracts.core import JsonObject, Value
from contracts.shared.ids import Sku
from contracts.shared.quantities import Units
from libs.db import Database
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

Format = Literal["csv", "jsonl"]

LONGEST_LINE = 65_536
BATCH = 200
# Of a file of another kind every line is refused; nobody reads further.
MOST_REFUSALS_SHOWN = 1000

_REQUIRED = ("sku", "name", "category", "price_cents")
_COLUMNS = (*_REQUIRED, "description", "currency", "stock", "attributes")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?")

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


class Row(Value):
    """A line of a file: what PutProduct says of a product, and with how many units it begins."""

    sku: Sku
    name: catalog.ProductName
    description: catalog.Description = ""
    category: catalog.Category
    price: catalog.Price
    attributes: Annotated[JsonObject, Field(default_factory=dict)]
    stock: Units = 0


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
    for number, row in (_from_csv if kind == "csv" else _from_json)(lines):
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


def _from_json(lines: Iterable[bytes]) -> Iterator[tuple[int, Row | str]]:
    """The number of each line with its row, or with why it is refused."""
    for number, line in enumerate(lines, 1):
        bare = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if bare.strip():
            yield number, _read_json(bare)


def _read_json(line: bytes) -> Row | str:
    if fault := _fault(line) or ("holds a NUL" if b"\\u0000" in line else None):
        return fault
    try:
        return Row.model_validate_json(line, strict=True, extra="forbid")
    except ValidationError as error:
        return _reason(error)


def _from_csv(lines: Iterable[bytes]) -> Iterator[tuple[int, Row | str]]:
    """As of `_from_json`; a row that goes over several lines counts as its last."""
    # What is no UTF-8 becomes half surrogate pairs, which no field of a row takes.
    decoded = (line.decode("utf-8-sig", "surrogateescape") for line in lines)
    reader = csv.reader(decoded, strict=True)
    heading: list[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, f"is no CSV: {error}"
            continue
        if not any(cells):
            continue
        if heading is None:
            heading = [cell.strip() for cell in cells]
            if fault := _heading_fault(heading):
                yield reader.line_num, fault
                return
        else:
            yield reader.line_num, _read_cells(heading, cells)


def _heading_fault(heading: list[str]) -> str | None:
    if missing := [name for name in _REQUIRED if name not in heading]:
        return f"the heading lacks {', '.join(missing)}; nothing of the file was taken"
    known = (name in _COLUMNS or re.fullmatch(r"attributes\.\S+", name) for name in heading)
    strange = [name for name, is_known in zip(heading, known, strict=True) if not is_known]
    if strange:
        return f"the heading has {', '.join(map(repr, strange))}, which means nothing here"
    return "the heading names a column twice" if len(set(heading)) < len(heading) else None


def _read_cells(heading: list[str], cells: list[str]) -> Row | str:
    if len(cells) != len(heading):
        return f"has {len(cells)} cells under a heading of {len(heading)}"
    if fault := _fault("".join(cells).encode("utf-8", "surrogateescape")):
        return fault
    said = {name: cell.strip() for name, cell in zip(heading, cells, strict=True) if cell.strip()}
    price = {"cents": said.get("price_cents"), "currency": said.get("currency")}
    row: dict[str, Any] = {
        name: said[name]
        for name in ("sku", "name", "description", "category", "stock")
        if name in said
    }
    row["price"] = {name: value for name, value in price.items() if value is not None}
    try:
        attributes = json.loads(said.get("attributes", "{}"))
    except (ValueError, RecursionError):
        return "attributes: is no JSON"
    if not isinstance(attributes, dict):
        return "attributes: is no JSON object"
    prefix = "attributes."
    attributes |= {
        name.removeprefix(prefix): _scalar(cell)
        for name, cell in said.items()
        if name.startswith(prefix)
    }
    try:
        # Leniently: in CSV everything is text.
        return Row.model_validate(row | {"attributes": attributes}, extra="forbid")
    except ValidationError as error:
        return _reason(error)


def _scalar(cell: str) -> JsonValue:
    if cell in ("true", "false"):
        return cell == "true"
    if _NUMBER.fullmatch(cell):
        number: int | float = json.loads(cell)
        return number
    return cell


def _fault(line: bytes) -> str | None:
    if len(line) > LONGEST_LINE:
        return f"is longer than {LONGEST_LINE} bytes"
    if b"\0" in line:
        return "holds a NUL"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "is not UTF-8"
    return None


def _reason(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".lstrip(": ") for fault in faults
    )
