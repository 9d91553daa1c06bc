"""Logs: one JSON object a line on standard output, with the trace they belong to."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping

from libs.telemetry.absent import absent

with absent("rich"):
    import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

# Names under which a secret could stand; a value there is never written.
_SECRET = ("password", "secret", "token", "authorization", "api_key", "cookie")
# Texts from elsewhere, exceptions above all, may hold one: a JWT, a scheme with its credentials, a
# password in a URL, a named value in a query, in JSON or in a repr.
_SECRET_FORM = re.compile(
    r"""eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?
    |(?<=bearer\s)[\w.~+/=-]{8,}|(?<=basic\s)[\w.~+/=-]{8,}
    |(?<=://)[^/\s:@]*:[^/\s@]+(?=@)
    |(?<=password)(?:["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[\w%+/~!$*-]+(?![\w(.\[]))
    |(?<=token)["']?\s*[:=]\s*(?:"[^"]*"|'[^']*')
    |(?<=secret)["']?\s*[:=]\s*(?:"[^"]*"|'[^']*')
    |(?<=api_key)["']?\s*[:=]\s*(?:"[^"]*"|'[^']*')""",
    re.IGNORECASE | re.VERBOSE,
)
_HIDDEN = "***"


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger: `log.info("fact", key=value)`. Facts are short and constant, values are fields."""
    logger: FilteringBoundLogger = structlog.get_logger(logger_name=name)
    return logger


def _for_people() -> Processor:
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return structlog.dev.ConsoleRenderer(colors=colours)


class Hidden:
    """Texts that a log line must not show, wherever they stand in it: `log.info(..., hide=...)`."""

    def __init__(self, texts: Iterable[str]) -> None:
        # Of one that is a letter or two, every word would be full.
        self.texts = tuple(text for text in texts if len(text) > 3)

    def __repr__(self) -> str:  # where logging was never set up, it is printed
        return _HIDDEN


def set_up(
    service: str,
    *,
    level: str = "info",
    as_json: bool = True,
    trace_id: Callable[[], str | None] = lambda: None,
) -> None:
    """Send structlog's and the standard library's logs to standard output.

    `trace_id` gives the trace of the work at hand. Called once by the entry point.
    """
    number = logging.getLevelNamesMapping()[level.upper()]

    def belonging(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        if trace := trace_id():
            event["trace_id"] = trace
        return event

    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        belonging,
    ]
    render: list[Processor] = [
        # A traceback becomes text first, so that secrets are taken out of it as well.
        structlog.processors.format_exc_info,
        without_secrets,
        structlog.processors.JSONRenderer() if as_json else _for_people(),
    ]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_named_as_ours, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))
    for chatty in ("httpx", "httpcore", "alembic", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def without_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The event without what looks like a secret, by its name or by its form, and without the
    texts in its field `hide` (a Hidden)."""
    hide = event.pop("hide", None)
    hidden = hide.texts if isinstance(hide, Hidden) else ()
    return {name: _shown(name, value, hidden) for name, value in event.items()}


def _named_as_ours(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    named = structlog.stdlib.add_logger_name(logger, method, event)
    named["logger_name"] = named.pop("logger")
    return named


def _shown(name: str, value: object, hidden: tuple[str, ...]) -> object:
    if any(part in name.lower() for part in _SECRET):
        return _HIDDEN
    if isinstance(value, str):
        for text in hidden:
            value = value.replace(text, _HIDDEN)
        return _SECRET_FORM.sub(_HIDDEN, value)
    if isinstance(value, Mapping):
        return {inner: _shown(str(inner), each, hidden) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown("", each, hidden) for each in value]
    return value
