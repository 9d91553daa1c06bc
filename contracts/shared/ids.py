"""Names of the shop's things. Each is a type of its own, so that a swapped one does not compile."""

from __future__ import annotations

from typing import Annotated, NewType

from pydantic import Field, StringConstraints

UserId = NewType("UserId", Annotated[str, StringConstraints(pattern=r"^usr_[0-9a-z]{26}$")])
OrderId = NewType("OrderId", Annotated[str, StringConstraints(pattern=r"^ord_[0-9a-z]{26}$")])
Sku = NewType(
    "Sku",
    Annotated[
        str,
        StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"),
        # In the order in which names and descriptions of products have their examples.
        Field(
            examples=[
                "mug-harbour-blue",
                "mug-enamel-camp",
                "espresso-cups-two",
                "bowl-soup-speckled",
                "bowl-cereal-daily",
            ]
        ),
    ],
)
