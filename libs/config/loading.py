"""From the environment to settings, or to a sentence that says which variable is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings
from typing_extensions import TypeVar

S = TypeVar("S", bound=BaseSettings)


class ConfigurationError(Exception):
    """The environment is not what the service needs; the message names each variable."""


def load(settings: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """The settings in the environment. Raises ConfigurationError naming each bad variable."""
    values: dict[str, Any] = {}
    for field in settings.model_fields:
        variable = field.upper()
        if (
            variable in environ
            and f"{variable}_FILE" in environ
            and f"{variable}_FILE".lower() not in settings.model_fields
        ):
            raise ConfigurationError(
                f"{variable} and {variable}_FILE are both set; unset one of them"
            )
        if variable in environ:
            values[field] = environ[variable]
        elif (file := environ.get(f"{variable}_FILE")) is not None:
            values[field] = _content(f"{variable}_FILE", file)
    try:
        # Given whole, so that nothing else of the process's environment is looked at.
        return settings.model_validate(values)
    except ValidationError as error:
        wrong = [
            f"{str(fault['loc'][0]).upper() if fault['loc'] else 'the environment'}: {_why(fault)}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigurationError("; ".join(wrong)) from None


def peer_urls(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The neighbours' addresses by name: PEER_USERS_URL is that of users. Raises
    ConfigurationError for one that is no HTTP address."""
    urls = {}
    for variable, url in environ.items():
        if match := re.fullmatch(r"PEER_([A-Z_]+)_URL", variable):
            if not re.fullmatch(r"https?://[^/\s]+/?", url):
                raise ConfigurationError(f"{variable}: write it as http://host:port")
            urls[match[1].lower()] = url.rstrip("/")
    return urls


def _content(variable: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{variable}: {file} cannot be read ({error.strerror})") from None


def _why(fault: Any) -> str:
    if fault["type"] == "missing":
        return "is required and not set"
    message: str = fault["msg"]
    return message.removeprefix("Value error, ")
