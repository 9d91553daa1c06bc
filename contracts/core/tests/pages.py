"""Contract pages that exist only for a test."""

from __future__ import annotations

import sys
from types import ModuleType

PRELUDE = """
from __future__ import annotations
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, TypedDict
from pydantic import AliasChoices, AliasPath, BaseModel, Field, JsonValue, model_validator
from typing_extensions import TypeVar
from contracts.core import *
T = TypeVar("T")
class Thing(Value):
    thing_id: str
class NoSuchThing(Problem, status=404, title="No such thing"):
    thing_id: str
"""


def page(source: str, name: str = "contracts.shop.v1") -> ModuleType:
    """The module that a contract's page with this source would be."""
    module = ModuleType(name)
    sys.modules[name] = module
    exec(compile(PRELUDE + source, f"<{name}>", "exec"), module.__dict__)
    return module
