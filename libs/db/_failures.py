"""Which errors of the database are nobody's bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import exc

from libs.operations.errors import Unavailable

_LIMIT_EXCEEDED = "54"  # a statement too complex, a row too long: ours
_WORDS = {
    "57014": "a statement took too long",
    "55P03": "a row or table was locked for too long",
    "40001": "the transaction got in another one's way",
    "40P01": "the transaction and another one waited for each other",
    "53300": "it takes no more connections",
    "25P03": "the transaction was idle for too long",
    "25006": "it is read-only at the moment",
}


@contextmanager
def as_unavailable() -> Iterator[None]:
    """Turn what a database that is ill, slow or busy raises into Unavailable; let the rest pass."""
    try:
        yield
    except exc.TimeoutError as error:
        raise Unavailable("postgres", "no connection became free in time") from error
    except exc.DBAPIError as error:
        if (why := _why(error)) is None:
            raise
        raise Unavailable("postgres", why) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        # SQLAlchemy hands on what the driver raises while a connection is given back.
        raise Unavailable("postgres", _first_line(error)) from error


def _why(error: exc.DBAPIError) -> str | None:
    cause = error.orig
    state = getattr(cause, "sqlstate", None) or ""
    if state in _WORDS:
        return _WORDS[state]
    gone = error.connection_invalidated or isinstance(cause, psycopg.InterfaceError)
    ill = isinstance(cause, psycopg.OperationalError) and not state.startswith(_LIMIT_EXCEEDED)
    return _first_line(cause) if gone or ill else None


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
