"""What the orders service is told by its environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from libs.config import Settings


class OrdersSettings(Settings):
    """The variables of every service, and how long an order may stay open."""

    order_deadline_s: Annotated[
        float, Field(ge=1, le=600, description="After so long an unpaid order is looked into")
    ] = 120.0
