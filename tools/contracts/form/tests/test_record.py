"""What the form sees of a page, and what it doesn't see because nothing on the wire differs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.contracts.form.model import Default, Page, Ref, Scalar, Union

Record = Callable[[str], Page]

# Each changes what is read or written. JSON Schema says nothing of the first ones.
VISIBLE = {
    "a validator": ("a: str", "a: Annotated[str, AfterValidator(same)]"),
    "a validator of the field": (
        "a: str",
        "a: str\n@field_validator('a')\n@classmethod\ndef _a(cls, value): return value",
    ),
    "a validator of the model": (
        "a: str",
        "a: str\n@model_validator(mode='after')\ndef _a(self): return self",
    ),
    "when it runs": (
        "a: Annotated[str, AfterValidator(same)]",
        "a: Annotated[str, BeforeValidator(same)]",
    ),
    "strictness": ("a: int", "a: Annotated[int, Strict()]"),
    "strictness of the model": ("a: int", "model_config = ConfigDict(strict=True)\na: int"),
    "blanks at the ends": ("a: str", "a: Annotated[str, StringConstraints(strip_whitespace=True)]"),
    "blanks, by the model": (
        "a: str",
        "model_config = ConfigDict(str_strip_whitespace=True)\na: str",
    ),
    "an old name that is still read": (
        "b: str",
        "b: str = Field(validation_alias=AliasChoices('b', 'a'), serialization_alias='b')",
    ),
    "an offset": ("a: datetime", "a: AwareDatetime"),
    "a serializer": ("a: int", "a: Annotated[int, PlainSerializer(lambda a: a)]"),
    "how bytes are written": (
        "a: bytes",
        "model_config = ConfigDict(ser_json_bytes='hex')\na: bytes",
    ),
    "how spans are written": (
        "a: timedelta",
        "model_config = ConfigDict(ser_json_timedelta='float')\na: timedelta",
    ),
    "what an enum does with strangers": (
        "class E(enum.Enum):\n    A = 'a'\n---\na: E",
        "class E(enum.Enum):\n    A = 'a'\n    @classmethod\n    def _missing_(cls, value): return cls.A\n"
        "---\na: E",
    ),
    # These JSON Schema sees too.
    "a default": ("a: int = 1", "a: int = 2"),
    "a default that is made": (
        "a: list[int] = []",
        "a: list[int] = Field(default_factory=lambda: [1])",
    ),
    "null": ("a: int", "a: int | None"),
    "its absence": ("a: int | None", "a: int | None = None"),
    "a bound": ("a: int", "a: Annotated[int, Field(le=9)]"),
    "extra fields": ("a: int", "model_config = ConfigDict(extra='allow')\na: int"),
    "a computed field": (
        "a: int",
        "a: int\n@computed_field\n@property\ndef b(self) -> int: return 1",
    ),
    "a tag": (
        "class A(Value):\n    kind: Literal['a'] = 'a'\n---\na: A",
        "class A(Value):\n    kind: Literal['b'] = 'b'\n---\na: A",
    ),
}


@pytest.mark.parametrize(("old", "new"), VISIBLE.values(), ids=VISIBLE)
def test_what_changes_the_wire_changes_the_form(thing: Record, old: str, new: str) -> None:
    assert thing(old) != thing(new)
    assert thing(old) == thing(old)


EQUAL = {
    "a bound, said otherwise": (
        "a: Annotated[int, Field(gt=0, lt=10)]",
        "a: Annotated[int, Field(ge=1, le=9)]",
    ),
    "a bound that every number has": ("a: int", "a: Annotated[int, Field(ge=-(2**63))]"),
    "an array": ("a: list[int]", "a: tuple[int, ...]"),
    "a set": ("a: set[int]", "a: frozenset[int]"),
    "null": ("a: Optional[int]", "a: Union[None, int]"),
    "fields in another order": ("a: int\nb: str", "b: str\na: int"),
    "an enum in another order": (
        "class E(enum.Enum):\n    A = 'a'\n    B = 'b'\n---\na: E",
        "class E(enum.Enum):\n    B = 'b'\n    A = 'a'\n---\na: E",
    ),
    "a Literal in parts": ("a: Literal['a', 'b']", "a: Literal['b'] | Literal['a']"),
    "a text": ("a: int", '"""A thing."""\na: Annotated[int, Field(description="So many")]'),
    "a constraint after a function": (
        "a: Annotated[str, AfterValidator(same), Field(max_length=3)]",
        "a: Annotated[str, Field(max_length=3), AfterValidator(same)]",
    ),
    "an empty default that is made": (
        "a: list[int] = []",
        "a: list[int] = Field(default_factory=list)",
    ),
    "another formatter": (
        "@field_validator('a')\n@classmethod\ndef _a(cls, value):\n    return [value,\n        'x']\na: int",
        "a: int\n# Why.\n@field_validator(\n    'a'\n)\n@classmethod\ndef _b(cls, value: int) -> list:\n"
        '    """What it does."""\n    return [value, "x"]',
    ),
}


@pytest.mark.parametrize(("old", "new"), EQUAL.values(), ids=EQUAL)
def test_what_is_said_otherwise_is_the_same_form(thing: Record, old: str, new: str) -> None:
    assert thing(old).models == thing(new).models


def test_fields_of_a_base_are_fields(record_of: Record) -> None:
    get = 'class Get(Request[Anyone, Thing], http="GET /things"):\n    pass\n'
    own = record_of(f"class Thing(Value):\n    a: int\n    b: int\n{get}")
    inherited = record_of(f"class Base(Value):\n    b: int\nclass Thing(Base):\n    a: int\n{get}")

    assert own == inherited


def test_a_field_says_how_it_travels(thing: Record) -> None:
    page = thing(
        "total: Annotated[int, Field(ge=0)] = Field(3, "
        "validation_alias=AliasChoices('total', 'sum'), serialization_alias='total')"
    )

    [field] = page.model("Thing").fields
    assert field.reads == ("total", "sum")
    assert field.writes == "total"
    assert field.default == Default(value=3)
    assert field.type == Scalar(kind="int", constraints={"ge": 0})
    assert not field.required


def test_a_serializer_has_golden_samples_so_that_a_rewritten_one_can_be_told_from_another(
    thing: Record,
) -> None:
    first = thing("a: Annotated[int, PlainSerializer(lambda a: str(a))]")
    rewritten = thing("a: Annotated[int, PlainSerializer(lambda a: f'{a}')]")
    another = thing("a: Annotated[int, PlainSerializer(lambda a: hex(a))]")

    one, same, other = (
        page.model("Thing").named("a").type.writer for page in (first, rewritten, another)
    )
    assert one and same and other
    assert one.fingerprint != same.fingerprint
    assert one.samples == same.samples
    assert one.samples != other.samples
    assert [(sample.value, sample.written) for sample in one.samples][:3] == [
        (0, "0"),
        (1, "1"),
        (-1, "-1"),
    ]


def test_a_serializer_that_looks_at_the_clock_has_none(thing: Record) -> None:
    page = thing("a: Annotated[int, PlainSerializer(lambda a: __import__('time').time_ns())]")

    writer = page.model("Thing").named("a").type.writer
    assert writer is not None
    assert writer.samples == ()


def test_a_callable_discriminator_says_what_it_does_with_a_stranger(thing: Record) -> None:
    union = (
        "class A(Value):\n    a: int\nclass B(Value):\n    b: int\n"
        "def kind(value):\n    return 'a' if 'a' in value else {default}\n---\n"
        "x: Annotated[Union[Annotated[A, Tag('a')], Annotated[B, Tag('b')]], Discriminator(kind)]"
    )

    closed = thing(union.format(default="None")).model("Thing").named("x").type
    open_ = thing(union.format(default="'b'")).model("Thing").named("x").type
    assert isinstance(closed, Union) and isinstance(open_, Union)
    assert closed.default_tag is None
    assert open_.default_tag == "b"


def test_a_page_has_the_models_that_travel_and_no_others(record_of: Record) -> None:
    page = record_of(
        """
class Inner(Value):
    a: int
class Thing(Value):
    inner: tuple[Inner, ...]
class Idle(Value):
    a: int
class Gone(Problem, status=410, title="Gone"):
    pass
class Get(Request[User | Admin, Page[Thing], Gone], http="GET /things/{name}", deadline_s=5):
    name: str
    limit: int = 10
class Put(Request[Admin, None], http="PUT /things/{name}"):
    name: str
    inner: Inner
class Found(Event, name="shop.found.v1", key="name"):
    name: str
"""
    )

    [get, put] = page.operations
    assert (get.method, get.path, get.placeholders) == ("GET", "/things/{name}", ("name",))
    assert (get.in_path, get.in_query, get.in_body) == (("name",), ("limit",), ())
    assert (put.in_path, put.in_query, put.in_body) == (("name",), (), ("inner",))
    assert [answer.paged for answer in get.answers] == [True]
    assert get.callers == ("Admin", "User")
    assert (get.repeat, get.deadline_s) == ("safe", 5.0)
    assert [problem.status for problem in page.problems] == [410]
    assert [(event.type, event.key, event.retention_days) for event in page.events] == [
        ("shop.found.v1", "name", 14)
    ]
    names = {one.name for one in page.models}
    assert names == {"Found", "Get", "Gone", "Inner", "Put", "Thing", "core.values.Page[Thing]"}
    assert page.model("core.values.Page[Thing]").generic == "core.values.Page"


def test_a_model_may_hold_itself(thing: Record) -> None:
    page = thing("below: tuple[Thing, ...] = ()")

    items = page.model("Thing").named("below").type
    assert getattr(items, "items", None) == Ref(model="Thing")


def test_places_and_texts_are_known_and_take_no_part(thing: Record) -> None:
    plain = thing("a: int")
    moved = thing(
        '"""A thing,\n    of two lines."""\n\na: Annotated[int, Field(description="So many")]'
    )

    was, is_ = plain.model("Thing").named("a"), moved.model("Thing").named("a")
    assert was.where and is_.where
    assert is_.where.line == was.where.line + 3
    assert is_.description == "So many"
    assert moved.model("Thing").description == "A thing, of two lines."
    assert plain.models == moved.models
