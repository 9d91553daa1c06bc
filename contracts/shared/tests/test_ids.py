"""Ids: texts of one form each, which the type checker does not let swap."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.shared.ids import UserId

USER_ID: TypeAdapter[Any] = TypeAdapter(UserId)


def test_an_id_is_its_prefix_and_26_characters() -> None:
    assert USER_ID.validate_python("usr_" + "0" * 25 + "z") == "usr_" + "0" * 25 + "z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "usr_",
        "usr_" + "0" * 25,
        "usr_" + "0" * 27,
        "ord_" + "0" * 26,
        "USR_" + "0" * 26,
        "usr_" + "A" * 26,
        "usr_" + "0" * 25 + "/",
        "usr_" + "0" * 25 + "\u0661",
        "usr_" + "0" * 26 + "\n",
        "\nusr_" + "0" * 26,
    ],
)
def test_another_text_is_no_id(text: str) -> None:
    with pytest.raises(ValidationError):
        USER_ID.validate_python(text)
