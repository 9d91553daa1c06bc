"""E-mail addresses."""

from __future__ import annotations

import re
from typing import Annotated, NewType

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

# The shape that HTML's e-mail input accepts, with a dot in the domain; a header cannot be split by it.
_SHAPE = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def _address(text: str) -> str:
    if not _SHAPE.fullmatch(text):
        raise PydanticCustomError("email_address", "This is no e-mail address")
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


EmailAddress = NewType(
    "EmailAddress",
    Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_address)],
)
"""One address, without a display name; its domain in lower case."""
