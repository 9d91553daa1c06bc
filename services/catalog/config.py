"""What the catalog service is told by its environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from libs.config import Settings


class CatalogSettings(Settings):
    """The variables of every service, and how long stock is held."""

    hold_s: Annotated[
        float,
        Field(
            ge=1,
            le=86_400,
            description="After so many seconds a hold ends, unless its order stands",
        ),
    ] = 900.0
    look_again_s: Annotated[
        float,
        Field(
            ge=1,
            le=3_600,
            description="Seconds until an order that is pending then is asked for again",
        ),
    ] = 60.0
