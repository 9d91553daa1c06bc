"""What the users service is told by its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from libs.config import Settings


class UsersSettings(Settings):
    """The variables of every service, and where the keys of users' tokens are."""

    user_keys_dir: Annotated[
        Path, Field(description="Private keys that sign users' tokens, <kid>.pem each")
    ]
