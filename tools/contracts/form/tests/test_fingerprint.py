"""A fingerprint is the same until somebody changes what the function does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.contracts.form.model import Page

Record = Callable[[str], Page]

PAGE = """
LIMIT = {limit}
SHAPE = re.compile({shape!r})

def helper(text):
    return text{helper}

def {name}(text{annotation}):
    {docstring}{body}

class Thing(Value):
    a: Annotated[str, AfterValidator({name})]

class Get(Request[Anyone, Thing], http="GET /things"):
    pass
"""
BEFORE = {
    "limit": "3",
    "shape": "^a",
    "helper": "",
    "name": "check",
    "annotation": "",
    "docstring": "",
    "body": "return helper(text)[:LIMIT] if SHAPE.match(text) else text",
}


def check_of(record_of: Record, **changes: str) -> str:
    page = record_of(PAGE.format(**{**BEFORE, **changes}))
    [check] = page.model("Thing").named("a").type.checks
    return check.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"name": "checked"},
        {"annotation": ": str"},
        {"docstring": '"""What it does."""\n    '},
        {"body": "return (helper( text )[ : LIMIT]\n        if SHAPE.match(text) else text)"},
        {"limit": "1 + 2"},
    ],
    ids=lambda change: str(*change),
)
def test_it_stays(record_of: Record, change: dict[str, str]) -> None:
    assert check_of(record_of, **change) == check_of(record_of)


@pytest.mark.parametrize(
    "change",
    [
        {"body": "return helper(text)[:LIMIT]"},
        {"helper": ".strip()"},
        {"limit": "4"},
        {"shape": "^b"},
    ],
    ids=lambda change: str(*change),
)
def test_it_changes(record_of: Record, change: dict[str, str]) -> None:
    assert check_of(record_of, **change) != check_of(record_of)


def test_lambdas_on_one_line_are_told_apart(record_of: Record) -> None:
    page = record_of(
        """
class Thing(Value):
    a: Annotated[str, AfterValidator(lambda a: a + "x"), AfterValidator(lambda a: a + "y")]

class Get(Request[Anyone, Thing], http="GET /things"):
    pass
"""
    )

    outer, inner = page.model("Thing").named("a").type.checks
    assert outer.fingerprint != inner.fingerprint


def test_what_a_function_was_made_with_is_part_of_it(record_of: Record) -> None:
    page = record_of(
        """
def at_most(most):
    def check(number):
        return min(number, most)
    return check

class Thing(Value):
    a: Annotated[int, AfterValidator(at_most(3))]
    b: Annotated[int, AfterValidator(at_most(4))]
    c: Annotated[int, AfterValidator(at_most(3))]

class Get(Request[Anyone, Thing], http="GET /things"):
    pass
"""
    )

    thing = page.model("Thing")
    a, b, c = (thing.named(name).type.checks[0].fingerprint for name in "abc")
    assert a == c != b


def test_a_method_that_a_validator_calls_is_part_of_it(record_of: Record) -> None:
    source = """
class Thing(Value):
    a: str

    @field_validator("a")
    @classmethod
    def _checked(cls, text):
        return cls._plain(text)

    @classmethod
    def _plain(cls, text):
        return text{how}

class Get(Request[Anyone, Thing], http="GET /things"):
    pass
"""
    plain, stripped = (
        record_of(source.format(how=how)).model("Thing").named("a").type.checks[0].fingerprint
        for how in ("", ".strip()")
    )

    assert plain != stripped
