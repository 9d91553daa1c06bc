"""Logs: one JSON object a line on standard output, with the trace they belong to."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

# Names under which a secret could stand; a value there is never written.
_SECRET = ("password", "secret", "token", "authorization", "api_key", "cookie")


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger: `log.info("fact", key=value)`. Facts are short and constant, values are fields."""
    logger: FilteringBoundLogger = structlog.get_logger(logger_name=name)
    return logger


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
        _without_secrets,
    ]
    render: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))
    for chatty in ("httpx", "httpcore", "alembic", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _without_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name in event:
        if any(part in name.lower() for part in _SECRET):
            event[name] = "***"
    return event
