"""`main.py import FILE...`: product files from the command line, with nothing but DATABASE_URL."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from libs.config import ConfigurationError, DatabaseSettings, load
from libs.db import Database
from libs.operations.errors import Unavailable
from services.catalog import importing
from services.catalog.product_files import Format

_FORMATS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_USAGE = "catalog: import FILE..., each .csv, .jsonl or .ndjson"


def import_files(arguments: Sequence[str]) -> int:
    """0 when every line was taken, 1 when some were refused or a file could not be read, 2 when
    it was not said which files."""
    paths = [Path(argument) for argument in arguments]
    if not paths or any(path.suffix not in _FORMATS for path in paths):
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        url = load(DatabaseSettings).database_url.get_secret_value()
        database = Database(url, service="catalog", pool_size=1)
        refused = sum(_import(database, path) for path in paths)
    except (ConfigurationError, Unavailable, OSError) as error:
        print(f"catalog: {error}", file=sys.stderr)
        return 1
    return 1 if refused else 0


def _import(database: Database, path: Path) -> int:
    with path.open("rb") as lines:
        report = importing.load(database, lines, _FORMATS[path.suffix])
    for refusal in report.refusals:
        print(f"{path}:{refusal.line}: {refusal.reason}", file=sys.stderr)
    print(
        f"{path}: {report.added} added, {report.changed} changed, {report.unchanged} as they were, "
        f"{report.refused} refused"
    )
    return report.refused
