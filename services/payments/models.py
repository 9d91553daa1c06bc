"""The table of payments, and how a payment may change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar

from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from contracts.payments.v1 import Payment as View
from contracts.payments.v1 import State
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from libs.db import COLUMN_TYPES, new_metadata

# A trigger refuses everything else, whatever writes it (migrations/versions/0001_payments.py).
TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.REQUESTED: frozenset({State.CAPTURED, State.DECLINED, State.ABANDONED}),
        State.CAPTURED: frozenset({State.REFUNDING}),
        # The provider had captured before we could say that nobody wants it any more.
        State.ABANDONED: frozenset({State.REFUNDING}),
        State.REFUNDING: frozenset({State.REFUNDED}),
        State.DECLINED: frozenset(),
        State.REFUNDED: frozenset(),
    }
)


class Base(MappedAsDataclass, DeclarativeBase):
    """The declarative base of this service alone."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = COLUMN_TYPES


class Payment(Base):
    """The payment of one order.

    `asked_at` is committed before the provider is first asked to capture: without it the provider
    knows nothing of the payment. An order that is known only as cancelled has no amount yet.
    """

    __tablename__ = "payment"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    state: Mapped[str]
    cents: Mapped[int | None]
    currency: Mapped[str | None]
    payment_method: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    asked_at: Mapped[datetime | None] = mapped_column(default=None)
    capture_reference: Mapped[str | None] = mapped_column(default=None)
    refund_reference: Mapped[str | None] = mapped_column(default=None)
    detail: Mapped[str | None] = mapped_column(default=None)

    @property
    def amount(self) -> Money:
        """What the order costs. Raises ValueError while only its cancellation is known."""
        if self.cents is None or self.currency is None:
            raise ValueError(f"the amount of {self.order_id} is not known yet")
        return Money(cents=self.cents, currency=self.currency)

    def become(self, state: State) -> None:
        """Change the state. Raises ValueError for a change that no payment may go through."""
        if state not in TRANSITIONS[State(self.state)]:
            raise ValueError(f"the payment of {self.order_id} is {self.state}, not to be {state}")
        self.state = state.value
        self.updated_at = datetime.now(UTC)

    def view(self) -> View:
        """The payment as others see it."""
        return View(
            order_id=OrderId(self.order_id),
            user_id=UserId(self.user_id),
            amount=self.amount,
            state=State(self.state),
            detail=self.detail,
            updated_at=self.updated_at,
        )
