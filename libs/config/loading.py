"""From the environment to settings, or to a sentence that says which variable is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_settings import BaseSettings
from typing_extensions import TypeVar

S = TypeVar("S", bound=BaseSettings)


class ConfigurationError(Exception):
    """The environment is not what the service needs; the message names each variable."""


def load(settings: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """The settings in the environment. Raises ConfigurationError naming each bad variable."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in settings.model_fields:
        variable = field.upper()
        try:
            if (value := _value(variable, environ)) is not None:
                values[field] = value
        except ConfigurationError as error:
            wrong[variable] = str(error)
    try:
        made = settings.model_validate(values)
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            variable = str(fault["loc"][0]).upper() if fault["loc"] else "the environment"
            wrong.setdefault(variable, f"{variable}: {_why(fault)}")
        made = None
    if made is None or wrong:
        raise ConfigurationError("; ".join(wrong.values()))
    return made


def peer_urls(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The neighbours' addresses by name: PEER_USERS_URL is that of users. Raises
    ConfigurationError for one that is no HTTP address."""
    urls, wrong = {}, []
    for variable, url in sorted(environ.items()):
        if match := re.fullmatch(r"PEER_([A-Z_]+)_URL", variable):
            if _is_address(url):
                urls[match[1].lower()] = url.rstrip("/")
            else:
                wrong.append(f"{variable}: write it as http://host:port")
    if wrong:
        raise ConfigurationError("; ".join(wrong))
    return urls


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(
            parts.scheme in ("http", "https")
            and parts.hostname
            and re.fullmatch(r"[!-~]+", url)
            and parts.port != 0
            # Neither a password, which would be logged, nor what no operation's path can follow.
            and not (parts.username or parts.password or parts.query or parts.fragment)
        )
    except ValueError:  # a port that is none, half an IPv6 address
        return False


def _value(variable: str, environ: Mapping[str, str]) -> str | None:
    file = environ.get(f"{variable}_FILE")
    if file is None:
        return environ.get(variable)
    if variable in environ:
        raise ConfigurationError(f"{variable} and {variable}_FILE are both set; unset one of them")
    return _content(f"{variable}_FILE", file)


def _content(variable: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{variable}: {file} cannot be read ({error.strerror})") from None
    except ValueError:  # no UTF-8, or a NUL in the name
        raise ConfigurationError(f"{variable}: {file} holds no text") from None


def _why(fault: Any) -> str:
    if fault["type"] == "missing":
        return "is required and not set"
    message: str = fault["msg"]
    return message.removeprefix("Value error, ")
