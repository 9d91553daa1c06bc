"""PostgreSQL for services: transactions that end in time, and the migrations of their tables."""

from libs.db.columns import COLUMN_TYPES, UtcTime, new_metadata
from libs.db.database import Database
from libs.db.repeats import StoredRepeats
from libs.db.upgrading import migrate

__all__ = [
    "COLUMN_TYPES",
    "Database",
    "StoredRepeats",
    "UtcTime",
    "migrate",
    "new_metadata",
]
