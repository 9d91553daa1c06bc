"""The form that is recorded beside the page."""

from __future__ import annotations

from contracts.catalog import v1
from tools.contracts.form.recorded import stale


def test_what_is_recorded_is_what_the_page_says() -> None:
    assert not stale(v1.__name__)
