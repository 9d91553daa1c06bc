"""The form as a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType

import pytest

from contracts.catalog import v1 as catalog
from contracts.core import chassis, feed
from contracts.orders import v1 as orders
from contracts.users import v1 as users
from tools.contracts.form.model import Page
from tools.contracts.form.record import record
from tools.contracts.form.tests import everything
from tools.contracts.form.text import decode, dump, encode, load


@pytest.mark.parametrize("module", [everything, catalog, orders, users, chassis, feed])
def test_what_is_written_is_read_again(module: ModuleType) -> None:
    page = record(module)

    assert load(dump(page)) == page
    assert encode(decode(Page, json.loads(json.dumps(encode(page))))) == encode(page)


def test_it_is_made_to_be_read_in_a_diff(thing: Callable[[str], Page]) -> None:
    page = thing("total: Annotated[int, Field(ge=0)]\nnote: str | None = None\nwhy: str = 'x'")

    lines = dump(page).splitlines()
    assert '        "total": {"is": "int", "ge": 0},' in lines
    assert '        "note": {"type": "str?", "default": null},' in lines
    assert max(map(len, lines)) <= 100


def test_a_comment_or_docstring_changes_no_byte(thing: Callable[[str], Page]) -> None:
    plain = thing("a: int")
    told = thing('"""A thing."""\n# So many.\na: Annotated[int, Field(description="So many")]')

    assert dump(plain) == dump(told)


def test_a_file_of_a_newer_checker_can_still_be_read(thing: Callable[[str], Page]) -> None:
    page = thing("a: int")
    said = json.loads(dump(page))
    said["of_tomorrow"] = said["models"]["Thing"]["of_tomorrow"] = 1

    assert load(json.dumps(said)) == page


def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(ValueError, match="no recorded form"):
        load('{"models": [1]}')
