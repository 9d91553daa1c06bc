"""The tables of the orders service."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from libs.db import COLUMN_TYPES, new_metadata

_LINES: TypeAdapter[tuple[orders.PricedLine, ...]] = TypeAdapter(tuple[orders.PricedLine, ...])


class Base(MappedAsDataclass, DeclarativeBase):
    """The declarative base of this service alone."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = COLUMN_TYPES


class Order(Base):
    """An order. Its lines are what the customer saw: they never change, so they are one document.

    `status` leaves `pending` once and never comes back; a trigger refuses anything else.
    """

    __tablename__ = "customer_order"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    total_cents: Mapped[int]
    currency: Mapped[str]
    payment_method: Mapped[str]
    placed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=orders.Status.PENDING.value)
    reason: Mapped[str | None] = mapped_column(default=None)
    detail: Mapped[str | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    # Unknown of orders that the code of orders_0001 placed.
    deadline_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return Money(cents=self.total_cents, currency=self.currency)

    def view(self) -> orders.Order:
        """The order as it stands."""
        return self._view(
            status=orders.Status(self.status),
            reason=orders.Reason(self.reason) if self.reason else None,
            detail=self.detail,
        )

    def as_placed(self) -> orders.Order:
        """The order as it stood when it was placed: what every repeat of the request answers."""
        return self._view(status=orders.Status.PENDING, reason=None, detail=None)

    def _view(
        self, *, status: orders.Status, reason: orders.Reason | None, detail: str | None
    ) -> orders.Order:
        return orders.Order(
            order_id=OrderId(self.order_id),
            user_id=UserId(self.user_id),
            status=status,
            lines=_LINES.validate_python(self.lines),
            total=self.total,
            placed_at=self.placed_at,
            reason=reason,
            detail=detail,
        )
