"""Product files: CSV or JSON lines, read line by line.

JSON lines hold a product each, as PutProduct takes it. CSV has a heading: sku, name, category and
price_cents, and if wanted description, currency, stock, attributes (a JSON object) and columns such as
`attributes.material`, whose empty cells are left out.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, ValidationError

from contracts.catalog import v1 as catalog
from contracts.core import JsonObject, Value
from contracts.shared.ids import Sku
from contracts.shared.quantities import Units

Format = Literal["csv", "jsonl"]

LONGEST_LINE = 65_536

_REQUIRED = ("sku", "name", "category", "price_cents")
_COLUMNS = (*_REQUIRED, "description", "currency", "stock", "attributes")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?")


class Row(Value):
    """A line of a file: what PutProduct says of a product, and with how many units it begins."""

    sku: Sku
    name: catalog.ProductName
    description: catalog.Description = ""
    category: catalog.Category
    price: catalog.Price
    attributes: Annotated[JsonObject, Field(default_factory=dict)]
    stock: Units = 0


def read(lines: Iterable[bytes], kind: Format) -> Iterator[tuple[int, Row | str]]:
    """The number of each line that holds something, with its row, or with why it is refused."""
    return _from_csv(lines) if kind == "csv" else _from_json(lines)


def _from_json(lines: Iterable[bytes]) -> Iterator[tuple[int, Row | str]]:
    for number, line in enumerate(lines, 1):
        bare = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if bare.strip():
            yield number, _read_json(bare)


def _read_json(line: bytes) -> Row | str:
    if fault := _fault(line):
        return fault
    try:
        return _storable(Row.model_validate_json(line, strict=True, extra="forbid"))
    except ValidationError as error:
        return _reason(error)


def _from_csv(lines: Iterable[bytes]) -> Iterator[tuple[int, Row | str]]:
    """A row that goes over several lines counts as its last."""
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
    if fault := _fault("".join(heading).encode("utf-8", "surrogateescape")):
        return f"the heading {fault}; nothing of the file was taken"
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
        return _storable(Row.model_validate(row | {"attributes": attributes}, extra="forbid"))
    except ValidationError as error:
        return _reason(error)


def _scalar(cell: str) -> JsonValue:
    if cell in ("true", "false"):
        return cell == "true"
    if _NUMBER.fullmatch(cell):
        number: int | float = json.loads(cell)
        return number
    return cell


def _storable(row: Row) -> Row | str:
    """The row, unless JSON spells in it what a text column cannot hold."""
    return "holds a NUL" if _NUL.search(row.model_dump_json()) else row


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
