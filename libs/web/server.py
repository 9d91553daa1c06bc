"""gunicorn: threads, and the application loaded once before the fork."""

from __future__ import annotations

import gc
import logging
import math
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from libs.config import WebSettings
from libs.telemetry.metrics import process_died
from libs.web.event_loop import FINISH_S
from libs.web.threads import Worker

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# A collection with the whole stack imported pauses for a quarter of a second. What was imported is
# frozen before the fork, so that it is neither walked nor copied, and the rest is walked rarely.
YOUNG_OBJECTS = 50_000


class Server(BaseApplication):
    """Serves the app that `create_app` makes, until SIGTERM; then it finishes what it began.

    `options` are gunicorn's own and come before ours: for who serves more than one service.
    """

    def __init__(
        self, create_app: Callable[[], WSGIApplication], settings: WebSettings, **options: Any
    ) -> None:
        self._create_app = create_app
        self._options: dict[str, Any] = {
            "bind": settings.http_bind,
            "workers": settings.web_workers,
            "threads": settings.web_threads,
            "worker_class": Worker,
            "preload_app": True,
            "timeout": 30,
            # A container's grace (40 s) is longer than this, which is longer than any request.
            "graceful_timeout": math.ceil(settings.drain_s + FINISH_S),
            # Beyond so many connections one that idles is closed for each new one (event_loop.py);
            # with what the process opens besides it stays below the usual 1024 descriptors.
            "worker_connections": 512,
            # Who comes in a burst waits here for a moment, nobody for long: a thousand at most.
            "backlog": 512,
            # Longer than our clients keep a connection idle (5 s): the client closes first.
            "keepalive": 75,
            # In memory, where that is: a heartbeat on a busy disk once took longer than the time-out.
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
            "control_socket_disable": True,
            # SCRIPT_NAME or an address from a header is nobody's to set.
            "forwarder_headers": "",
            "forwarded_allow_ips": "",
            "logger_class": _QuietLogger,
            "when_ready": _freeze,
            "post_fork": partial(_tune, settings.drain_s),
            "child_exit": _forget,
            **options,
        }
        super().__init__()

    def load_config(self) -> None:
        """Take our options; neither the command line nor a file is asked."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:  # type: ignore[override]  # the same, as the stubs spell it
        """The application, once, before the fork."""
        return self._create_app()


class _QuietLogger(Logger):
    """gunicorn's messages through our logging; what it says of every start stays unsaid."""

    def setup(self, cfg: Any) -> None:
        self.error_log = logging.getLogger("gunicorn.error")
        self.access_log = logging.getLogger("gunicorn.access")
        self.error_log.setLevel(logging.WARNING)
        # gunicorn has just cut it off, for handlers of its own that we do not want.
        self.error_log.propagate = True


def _freeze(_: Any) -> None:
    gc.collect()
    gc.freeze()


def _tune(drain_s: float, _: Any, worker: Worker) -> None:
    worker.drain_s = drain_s
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)


def _forget(_: Any, worker: Any) -> None:
    process_died(worker.pid)
