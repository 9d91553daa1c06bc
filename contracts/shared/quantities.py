"""How many of something."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Quantity = Annotated[int, Field(ge=1, le=99)]
"""Of one product in one order."""

Units = Annotated[int, Field(ge=0, le=1_000_000)]
"""In a warehouse."""
