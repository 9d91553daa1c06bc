"""E-mail addresses."""

from __future__ import annotations

import re
from typing import Annotated, NewType

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

# What a mail server takes without quoting or an extension: dotted atoms, and a domain of at least two
# labels. There is no blank, comma, bracket or line break in it, so it cannot split a header.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SHAPE = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|[Xx][Nn]--{_LABEL})"
)


def _address(text: str) -> str:
    if not _SHAPE.fullmatch(text):
        raise PydanticCustomError("email_address", "This is no e-mail address")
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


EmailAddress = NewType(
    "EmailAddress",
    Annotated[
        str,
        StringConstraints(min_length=3, max_length=254),
        AfterValidator(_address),
        Field(json_schema_extra={"format": "email"}, examples=["ada@example.com"]),
    ],
)
"""One address, without a display name; its domain in lower case, an international one as `xn--`.

The part before the @ keeps its case: whether it matters is the receiver's to say."""
