"""The first lines of each page that is made for a test: all that it may speak of."""

# ruff: noqa: F401  # pages are made of this text

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address
from typing import Annotated, Generic, Literal, NewType, TypeAlias, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    Base64Bytes,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FutureDatetime,
    HttpUrl,
    Json,
    NaiveDatetime,
    PastDate,
    PlainSerializer,
    PositiveInt,
    SecretStr,
    StrictInt,
    StringConstraints,
    Tag,
    WrapSerializer,
    computed_field,
    conint,
    conlist,
    constr,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from contracts.core import (
    KEYED,
    ONCE,
    SAFE,
    Accepted,
    Admin,
    Anyone,
    Event,
    JsonObject,
    OpenEnum,
    Page,
    Problem,
    Request,
    Service,
    User,
    Value,
)
from contracts.shared.ids import OrderId, Sku, UserId
from contracts.shared.money import Money
from contracts.shared.time import Timestamp

T = TypeVar("T")
