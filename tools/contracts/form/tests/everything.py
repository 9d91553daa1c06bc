"""A page with what pydantic has that a contract may say."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AliasChoices,
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    HttpUrl,
    IPvAnyAddress,
    Json,
    NaiveDatetime,
    PastDate,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    SerializeAsAny,
    StrictInt,
    StringConstraints,
    Tag,
    WrapSerializer,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from contracts.core import Anyone, JsonObject, OpenEnum, Page, Request, Value


def same(value: Any) -> Any:
    return value


def kind_of(value: Any) -> str:
    return "gift" if isinstance(value, dict) and "note" in value else "card"


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"

    @classmethod
    def _missing_(cls, value: object) -> Size:
        return cls.SMALL


class Floor(enum.IntEnum):
    GROUND = 0
    FIRST = 1


class State(OpenEnum, reserved=("lost",)):
    PENDING = "pending"
    UNKNOWN = "unknown"


class Card(Value):
    kind: Literal["card"] = "card"


class Gift(Value):
    kind: Literal["gift", "present"] = "gift"
    note: str


class Named(Value):
    model_config = ConfigDict(str_strip_whitespace=True, strict=True, ser_json_bytes="base64")

    text: Annotated[str, AfterValidator(same), Field(max_length=3)]
    spelled: Annotated[str, BeforeValidator(same), StringConstraints(pattern="^a", to_lower=True)]
    whole: Annotated[int, Field(gt=3, lt=11, multiple_of=2)]
    lenient: Annotated[int, Field(strict=False)]
    number: FiniteFloat
    strict: StrictInt
    amount: Annotated[Decimal, Field(ge=Decimal("0.10"), decimal_places=2)]
    aware: AwareDatetime
    naive: NaiveDatetime
    since: Annotated[datetime, Field(gt=datetime(2020, 1, 1))]
    born: PastDate
    day: Annotated[date, Field(ge=date(2020, 1, 1))]
    at: time
    lasts: timedelta
    uuid: UUID
    raw: bytes
    encoded: Base64Bytes
    secret: SecretStr
    url: AnyUrl
    site: HttpUrl
    address: IPvAnyAddress
    host: ipaddress.IPv4Address
    size: Size
    floor: Floor
    state: State
    free: JsonObject
    embedded: Json[list[int]]
    pair: tuple[int, str]
    rest: tuple[int, ...]
    several: frozenset[Size]
    counts: Mapping[str, int]
    listed: Sequence[int]
    either: Card | dict[str, int] | None
    tagged: Annotated[Card | Gift, Field(discriminator="kind")]
    chosen: Annotated[
        Annotated[Card, Tag("card")] | Annotated[Gift, Tag("gift")], Discriminator(kind_of)
    ]
    words: Literal["a"] | Literal["b"] | None = None
    below: Named | None = None
    made: list[int] = Field(default_factory=list)
    told: list[int] = Field(default_factory=lambda: [1])
    sum: int = Field(3, validation_alias=AliasChoices("sum", "total"), serialization_alias="sum")
    written: Annotated[int, PlainSerializer(str, return_type=str)]
    wrapped: list[Annotated[int, WrapSerializer(lambda value, write: write(value) + 1)]]
    any: SerializeAsAny[Card]
    plain: Annotated[str, PlainValidator(same)]

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        return value

    @field_serializer("naive", "at")
    def _moment(self, value: Any) -> str:
        return str(value)

    @computed_field(alias="twice")  # type: ignore[prop-decorator]  # mypy and properties
    @property
    def doubled(self) -> int:
        """Twice the sum."""
        return 2 * self.sum

    @model_validator(mode="before")
    @classmethod
    def _before(cls, value: Any) -> Any:
        return value

    @model_validator(mode="after")
    def _after(self) -> Self:
        return self


class Written(Value):
    a: int
    b: str = "x"

    @model_serializer(mode="wrap")
    def _written(self, write: Any) -> Any:
        return {"z": 1, **write(self)}


class Everything(Request[Anyone, Page[Named]], http="POST /everything"):
    named: Named
    checked: Annotated[Card, AfterValidator(same)]
    written: Written
