"""An app that cannot begin says why in a sentence, whoever begins it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Self, cast

import click
from flask.cli import NoAppException
from typing_extensions import TypeVar

from libs.config import ConfigurationError

D = TypeVar("D")


class CannotBegin(ConfigurationError, NoAppException):
    """A configuration error that Flask's command line prints as a sentence, without a traceback."""


def booted(make: Callable[[], D]) -> D:
    """What `make` makes from the environment. Raises CannotBegin, a ConfigurationError, for a
    variable, an address or a key file that is not what the service needs; `flask routes`, which
    serves nobody, gets a stand-in instead."""
    try:
        return make()
    except (ConfigurationError, ValueError) as error:
        # ValueError: files that the settings name, such as keys that are missing.
        if _lists_routes():
            return cast(D, _StandIn(str(error)))
        raise CannotBegin(str(error)) from error


def _lists_routes() -> bool:
    command = click.get_current_context(silent=True)
    return command is not None and command.info_name == "routes"


class _StandIn:
    """Deps that nobody uses: every attribute is the stand-in, and a call says what is missing."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> Self:
        return self

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise CannotBegin(self._why)
