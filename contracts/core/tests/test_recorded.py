"""The forms that are recorded beside the pages that every service keeps."""

from __future__ import annotations

from types import ModuleType

import pytest

from contracts.core import chassis, feed, forms
from tools.contracts.form.recorded import stale


@pytest.mark.parametrize("page", [chassis, feed, forms], ids=["chassis", "feed", "forms"])
def test_what_is_recorded_is_what_the_page_says(page: ModuleType) -> None:
    assert not stale(page.__name__)
