"""An app that cannot begin says why in a sentence, whoever begins it."""

from __future__ import annotations

from collections.abc import Callable

from flask.cli import NoAppException
from typing_extensions import TypeVar

from libs.config import ConfigurationError

D = TypeVar("D")


class CannotBegin(ConfigurationError, NoAppException):
    """A configuration error that Flask's command line prints as a sentence, without a traceback."""


def booted(make: Callable[[], D]) -> D:
    """What `make` makes from the environment. Raises CannotBegin, a ConfigurationError, for a
    variable, an address or a key file that is not what the service needs."""
    try:
        return make()
    except ConfigurationError as error:
        raise CannotBegin(str(error)) from error
    except ValueError as error:
        # Files that the settings name: keys that are missing or of another kind.
        raise CannotBegin(str(error)) from error
