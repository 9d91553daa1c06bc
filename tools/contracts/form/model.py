"""What a page of a contract says on the wire, as data: the form that is recorded and compared.

A `Page` holds the operations, problems and events of one version of one contract, and each model that
they speak of. It is the same whatever version of pydantic it was taken from. Two pages are equal when
nothing changed on the wire: places in the source and texts for people (`compare=False` below) take
no part in a comparison, nor in the recorded file; they travel with a page that was just taken.

The rules, the index of consumers, the documents and the fake build on these classes. To add a field with a
default is always fine; a recorded file leaves out what has its default, so it reads older files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A value of JSON: dict, list, str, int, float, bool or None."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the source: the file from the root of the repository, the line from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A function that takes part in reading: a validator.

    `mode` is before, after, wrap or plain, or `missing` for an enum's `_missing_`. `fingerprint` is taken
    from its syntax tree; `name` is for people, and changes nothing.
    """

    mode: str
    fingerprint: str
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a serializer made of one value: `value` as the plain type writes it, `written` as it travels."""

    value: Json
    written: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A function that takes part in writing: a serializer.

    `mode` is plain or wrap; `when` is always, json, unless-none or json-unless-none. `samples` are
    the golden ones, made of values that follow from the type alone; `returns` is the type of what it
    writes where that is declared.
    """

    mode: str
    fingerprint: str
    when: str = "always"
    returns: Type | None = None
    samples: tuple[Sample, ...] = ()
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """The type of a value on the wire; one of the classes below.

    `strict` is whether it was declared so, by itself or by its model. `checks` are its validators, the
    outermost first; `writer` is its serializer.
    """

    strict: bool = False
    checks: tuple[Check, ...] = ()
    writer: Writer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(Type):
    """One text, number, moment or the like.

    `kind`: str, int, float, decimal, bool, bytes, datetime, date, time, timedelta, uuid, url, or the JSON
    Schema format of another text (`string:ipv4`).

    `constraints`, each absent when nothing was said: min_length, max_length, pattern, ge, gt, le, lt
    (of an int only ge and le, and not the 64 bits that bound each one anyway), multiple_of, max_digits,
    decimal_places; `tz` (aware, naive, or seconds); `now` (past, future) of a moment. A decimal's numbers
    and moments are text.

    `reading` are options of how it is read: strip, lower, upper, coerce_numbers, val_json_bytes, inf_nan
    and so on; `writing` of how it is written: ser_json_bytes, ser_json_timedelta and so on. Defaults are
    left out.
    """

    kind: str
    constraints: Mapping[str, Json] = field(default_factory=dict)
    reading: Mapping[str, Json] = field(default_factory=dict)
    writing: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Many(Type):
    """An array of like items: `kind` is list (a tuple of any length too) or set (a frozenset too)."""

    kind: str
    items: Type
    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Type):
    """An array whose places have types of their own; `rest` is that of further items, if any may come."""

    places: tuple[Type, ...]
    rest: Type | None = None
    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dict(Type):
    """An object with any names; `keys` are scalars that travel as text."""

    keys: Type
    values: Type
    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref(Type):
    """A model, by its name in `Page.models`."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Type):
    """One of some values: a Literal, or an enum. `values` are sorted.

    `open` when an unknown value is read as UNKNOWN, which is not among the values: nobody sends it.
    `reserved` are values that were taken away for good. `names` are the enum's names for its values, in
    the order of the values and for people; `enum` is its class.
    """

    values: tuple[Json, ...]
    open: bool = False
    reserved: tuple[Json, ...] = ()
    enum: str = field(default="", compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One type of a union; `tag` is the value of the discriminator that chooses it, where there is one."""

    type: Type
    tag: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Union(Type):
    """One of several types; None is never among them, that is `Nullable`.

    `discriminator` is the name on the wire of the field that tells which, or None. `chooser` is the
    function that tells instead, `default_tag` what it says of an object that it doesn't know (None:
    nothing). `left_to_right` when the first that fits is taken rather than the best; otherwise the
    variants are sorted.
    """

    variants: tuple[Variant, ...]
    discriminator: str | None = None
    chooser: Check | None = None
    default_tag: Json = None
    left_to_right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nullable(Type):
    """The type, or null."""

    inner: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Free(Type):
    """Any JSON: `kind` is object (JsonObject: within bounds) or any (JsonValue, Any)."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded(Type):
    """A text that holds JSON of the inner type (pydantic's Json[...])."""

    inner: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """What a field has when it is absent: `value` as it is written, or the fingerprint of the function
    that makes it."""

    value: Json = None
    factory: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a model.

    `name` in Python; `reads` the names on the wire under which it is read, in the order in which they
    are tried; `writes` the one under which it is written, None when it never is. Required when it has
    no `default`. `computed` is never read; its `type` is that of its return.
    """

    name: str
    type: Type
    reads: tuple[str, ...] = ()
    writes: str | None = None
    default: Default | None = None
    computed: bool = False
    # A default that pydantic validates, as it does what arrives.
    validate_default: bool = False
    omitted_when: str = ""  # the fingerprint of exclude_if: left out when that says so
    deprecated: bool = False
    where: Place | None = field(default=None, compare=False)
    description: str = field(default="", compare=False)
    examples: tuple[Json, ...] = field(default=(), compare=False)

    @property
    def required(self) -> bool:
        """Whether it has no default; a nullable field without one is required."""
        return self.default is None and not self.computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The fields of a value, request, problem or event. Fields are sorted by their Python name.

    `name` is the class's for those of the page itself (`Order`), and begins with the module, without
    `contracts.`, for others (`shared.money.Money`, `core.values.Page[Order]`). `extra` is ignore, forbid
    or allow, as declared (a request forbids unknown fields in any case). `checks` and `writer` are those
    of the whole model; `reserved` are names on the wire that must not come back. `generic` is the class
    that it was made from, without arguments.
    """

    name: str
    fields: tuple[Field, ...]
    extra: str = "ignore"
    strict: bool = False
    # The type of what it holds for names that it doesn't declare, when extra is allow.
    extra_type: Type | None = None
    checks: tuple[Check, ...] = ()
    writer: Writer | None = None
    reserved: tuple[str, ...] = ()
    generic: str = ""
    where: Place | None = field(default=None, compare=False)
    description: str = field(default="", compare=False)
    examples: tuple[Json, ...] = field(default=(), compare=False)

    def named(self, name: str) -> Field:
        """The field of this Python name. Raises KeyError."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header of an answer or problem."""

    name: str
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A way to succeed. `type` is None where there is no body; `media` its media type."""

    status: int
    type: Type | None = None
    media: str = "application/json"
    headers: tuple[Header, ...] = ()
    paged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A way to be refused: `type` on the wire, and the model of its fields."""

    name: str
    type: str
    status: int
    title: str
    model: str
    media: str = "application/problem+json"
    headers: tuple[Header, ...] = ()
    where: Place | None = field(default=None, compare=False)
    description: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request and how it ends. `model` is that of the request, with all its fields.

    `in_path`, `in_query`, `in_header` and `in_body` name fields of it (by their Python name); there is a
    body when `in_body` is not empty. `placeholders` are the names in `path`, in their order.
    `problems` are types on the wire, sorted; those that every service knows are in the page core.chassis.
    """

    name: str
    method: str
    path: str
    model: str
    placeholders: tuple[str, ...] = ()
    in_path: tuple[str, ...] = ()
    in_query: tuple[str, ...] = ()
    in_header: tuple[str, ...] = ()
    in_body: tuple[str, ...] = ()
    media: str = "application/json"
    answers: tuple[Answer, ...] = ()
    problems: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    repeat: str = "once"
    deadline_s: float = 2.0
    rate_per_minute: int | None = None
    deprecated: bool = False
    sunset: str | None = None  # a date, 2027-01-31
    where: Place | None = field(default=None, compare=False)
    description: str = field(default="", compare=False)

    @property
    def keyed(self) -> bool:
        """Whether it needs an Idempotency-Key."""
        return self.repeat == "keyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact in the feed: `type` is its name on the wire, `key` the Python name of the field that orders
    it."""

    name: str
    type: str
    key: str
    model: str
    retention_days: int | None = None
    deprecated: bool = False
    sunset: str | None = None
    where: Place | None = field(default=None, compare=False)
    description: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One version of one contract. Everything is sorted by name."""

    service: str
    version: str
    operations: tuple[Operation, ...] = ()
    problems: tuple[Problem, ...] = ()
    events: tuple[Event, ...] = ()
    models: tuple[Model, ...] = ()
    module: str = field(default="", compare=False)
    where: Place | None = field(default=None, compare=False)
    description: str = field(default="", compare=False)

    def model(self, name: str) -> Model:
        """The model of this name. Raises KeyError."""
        for one in self.models:
            if one.name == name:
                return one
        raise KeyError(name)

    def problem(self, type: str) -> Problem:
        """The problem of this type on the wire. Raises KeyError."""
        for one in self.problems:
            if one.type == type:
                return one
        raise KeyError(type)
