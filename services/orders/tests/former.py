"""The code of orders_0001 as it was released: its table, and each statement that it sends there.

With the next revision, what is in `models`, `saga` and `services` today takes this place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from libs.db import COLUMN_TYPES, new_metadata
from libs.testing.rolling import Former

ADA = "usr_" + "a" * 26


class _Base(MappedAsDataclass, DeclarativeBase):
    metadata = new_metadata()
    type_annotation_map: ClassVar = COLUMN_TYPES


class _Order(_Base):
    __tablename__ = "customer_order"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    total_cents: Mapped[int]
    currency: Mapped[str]
    payment_method: Mapped[str]
    placed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str | None] = mapped_column(default=None)
    detail: Mapped[str | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


def order_id(n: int) -> str:
    """The number of the n-th order."""
    return f"ord_{n:026}"


def _write(session: Session, n: int) -> None:
    assert session.get(_Order, order_id(n)) is None
    money = {"cents": 800, "currency": "EUR"}
    session.add(
        _Order(
            order_id=order_id(n),
            user_id=ADA,
            lines=[{"sku": "mug", "name": "Mug", "quantity": 2, "unit_price": money}],
            total_cents=1600,
            currency="EUR",
            payment_method="pm_card_visa",
            placed_at=datetime(2026, 11, 22, 12, n, tzinfo=UTC),
        )
    )


def _read(session: Session, n: int) -> object:
    order = session.get_one(_Order, order_id(n))
    place = tuple_(_Order.placed_at, _Order.order_id)
    earlier = session.scalars(
        select(_Order)
        .where(_Order.user_id == ADA, place < (order.placed_at, order.order_id))
        .order_by(_Order.placed_at.desc(), _Order.order_id.desc())
        .limit(20)
    ).all()
    return _shown(order), [_shown(each) for each in earlier]


def _change(session: Session, n: int) -> None:
    if n % 2:
        ending = {"status": "confirmed", "reason": None, "detail": None}
    else:
        ending = {"status": "cancelled", "reason": "payment_declined", "detail": "No money."}
    ended = session.scalar(
        update(_Order)
        .where(_Order.order_id == order_id(n), _Order.status == "pending")
        .values(**ending, ended_at=datetime.now(UTC))
        .returning(_Order)
    )
    assert ended is not None


def _shown(order: _Order) -> tuple[object, ...]:
    return tuple(getattr(order, column.key) for column in _Order.__table__.columns)


former = Former("orders", "orders_0001", _write, _read, _change)
