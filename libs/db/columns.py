"""What the tables of all services have in common: names of constraints, and time in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Dialect, MetaData
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """`timestamptz` that is read in UTC; a time without a zone is refused, nobody could say when
    it is."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use datetime.now(UTC)")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC)


COLUMN_TYPES: Mapping[Any, Any] = MappingProxyType({datetime: UtcTime()})
"""For `type_annotation_map` of a service's declarative base."""


def new_metadata() -> MetaData:
    """A service's own: in one process with others it may have a table that they have as well.

    Constraints get names that can be told beforehand, as migrations and error handling need."""
    return MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_index",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
