"""The tables of the users service."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from contracts.shared.address import EmailAddress
from contracts.shared.ids import UserId
from contracts.users import v1 as users
from libs.db import COLUMN_TYPES, new_metadata


class Base(MappedAsDataclass, DeclarativeBase):
    """The declarative base of this service alone."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = COLUMN_TYPES


class Account(Base):
    """A customer. `email_key` is the address in lower case and is unique: two accounts cannot
    differ in capitals alone."""

    __tablename__ = "account"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(repr=False)
    registered_at: Mapped[datetime]
    is_admin: Mapped[bool] = mapped_column(default=False)

    def view(self) -> users.Account:
        """The account as others see it."""
        return users.Account(
            user_id=UserId(self.user_id),
            email=EmailAddress(self.email),
            name=self.name,
            registered_at=self.registered_at,
        )
