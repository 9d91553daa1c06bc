"""What the storefront is told by its environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from libs.config import WebSettings


class StorefrontSettings(WebSettings):
    """The variables of every web process, and where customers find the shop."""

    public_url: Annotated[
        Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
        | None,
        Field(description="Where customers find the shop; with https its cookie is Secure"),
    ] = None
    proxies: Annotated[
        int, Field(ge=0, le=5, description="How many proxies in front add to X-Forwarded-For")
    ] = 0
