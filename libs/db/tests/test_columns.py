"""Times are in UTC, and constraints have names that can be told beforehand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Table, Text, UniqueConstraint, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

import libs.db
from libs.db import COLUMN_TYPES, Database, new_metadata
from libs.servers import Credentials


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    metadata = new_metadata()
    type_annotation_map = COLUMN_TYPES


class Sale(Base):
    __tablename__ = "sale"

    sku: Mapped[str] = mapped_column(primary_key=True)
    sold_at: Mapped[datetime]


@pytest.fixture
def shop(credentials: Credentials) -> Database:
    with Database(credentials.owner_url, service="owner").transaction() as session:
        Base.metadata.create_all(session.connection())
    return Database(credentials.app_url, service="shop")


def test_a_time_is_read_in_utc_wherever_it_was_noted(shop: Database) -> None:
    in_tokyo = datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=9)))
    with shop.transaction() as session:
        session.add(Sale(sku="mug", sold_at=in_tokyo))

    with shop.transaction() as session:
        sale = session.scalars(select(Sale)).one()
        session.execute(text("SELECT 1"))

    assert sale.sold_at == in_tokyo
    assert sale.sold_at.tzinfo is UTC


def test_a_time_without_zone_is_refused(shop: Database) -> None:
    with (
        pytest.raises(StatementError, match="has no time zone"),
        shop.transaction() as session,
    ):
        session.add(Sale(sku="mug", sold_at=datetime(2026, 1, 2)))


def test_constraints_are_named_after_table_and_column() -> None:
    table = Table("mug", new_metadata(), Column("name", Text), UniqueConstraint("name"))

    assert {str(constraint.name) for constraint in table.constraints} == {
        "mug_pkey",
        "mug_name_key",
    }


def test_the_package_names_what_is_public() -> None:
    named = libs.db.__all__

    assert named == sorted(named)
    assert all(hasattr(libs.db, name) for name in named)
