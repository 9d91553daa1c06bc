"""What stands at the head of every document."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

VERSION = "1.0.0"
CONTACT = {
    "name": "Concord",
    "url": "https://concord.example",
    "email": "shop@concord.example",
}


def information(service: str, contracts: Iterable[ModuleType], conventions: str) -> dict[str, Any]:
    """The `info` object: what the contracts say of themselves, then the conventions of all."""
    told = [inspect.cleandoc(page.__doc__) for page in contracts if page.__doc__]
    told = told or [f"Nothing is asked of the {service} service: it only listens."]
    return {
        "title": service.capitalize(),
        "version": VERSION,
        "description": "\n\n".join([*told, inspect.cleandoc(conventions)]),
        "contact": CONTACT,
        "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    }


def sentence(text: str) -> str:
    """The first sentence, in one line."""
    line = " ".join(text.strip().split("\n\n")[0].split())
    return re.split(r"(?<=[.:;])\s", line)[0].rstrip(".:;")


def paragraph(text: str | None) -> str:
    """The text of a docstring without the indent of its code."""
    return inspect.cleandoc(text or "")
