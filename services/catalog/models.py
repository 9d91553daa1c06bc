"""The tables of the catalog service. Stock and holds are written by the statements of
`reservations` and `services`; what they must never be stands in the tables' constraints."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, cast

from pydantic import JsonValue
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from contracts.catalog import v1 as catalog
from contracts.shared.ids import OrderId, Sku
from libs.db import COLUMN_TYPES, new_metadata

_LARGEST = 2**63 - 1


class Base(MappedAsDataclass, DeclarativeBase):
    """The declarative base of this service alone."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {**COLUMN_TYPES, dict[str, JsonValue]: JSONB}


class Product(Base):
    """What is said of a product. The column `words` is PostgreSQL's own, made from the others."""

    __tablename__ = "product"

    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    category: Mapped[str]
    price_cents: Mapped[int]
    currency: Mapped[str]
    attributes: Mapped[dict[str, JsonValue]]
    changed_at: Mapped[datetime] = mapped_column(init=False, server_default=func.now())

    def view(self, units_left: int) -> catalog.Product:
        """The product as others see it."""
        return catalog.Product(
            sku=Sku(self.sku),
            name=self.name,
            description=self.description,
            category=self.category,
            price=catalog.Price(cents=self.price_cents, currency=self.currency),
            attributes=cast(dict[str, JsonValue], _narrowed(self.attributes)),
            units_left=units_left,
        )


class Stock(Base):
    """Where the units of a product are: on hand (free), reserved or sold; together, supplied."""

    __tablename__ = "stock"

    sku: Mapped[str] = mapped_column(primary_key=True)
    supplied: Mapped[int]
    on_hand: Mapped[int]
    reserved: Mapped[int]
    sold: Mapped[int]


class Reservation(Base):
    """A hold for an order; also one that was released before anything was held."""

    __tablename__ = "reservation"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    expires_at: Mapped[datetime]


class ReservationLine(Base):
    """A line as it was asked for; an order may name a product in two of them."""

    __tablename__ = "reservation_line"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    name: Mapped[str]
    quantity: Mapped[int]
    price_cents: Mapped[int]
    currency: Mapped[str]

    def view(self) -> catalog.HeldLine:
        """The line as the order's service sees it."""
        return catalog.HeldLine(
            sku=Sku(self.sku),
            name=self.name,
            quantity=self.quantity,
            unit_price=catalog.Price(cents=self.price_cents, currency=self.currency),
        )


def reservation_view(held: Reservation, lines: list[ReservationLine]) -> catalog.Reservation:
    """The hold as services see it."""
    return catalog.Reservation(
        order_id=OrderId(held.order_id),
        state=catalog.ReservationState(held.state),
        lines=tuple(line.view() for line in lines),
        expires_at=held.expires_at,
    )


def _narrowed(value: JsonValue) -> JsonValue:
    """1e300 went in as a float; jsonb gives it back as a whole number of 301 digits."""
    if isinstance(value, dict):
        return {name: _narrowed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_narrowed(item) for item in value]
    if isinstance(value, int) and abs(value) > _LARGEST:
        return float(value)
    return value
