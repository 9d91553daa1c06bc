"""The services' workers as threads of this process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from libs.config import Settings
from libs.messaging import Worker
from libs.telemetry.logs import get_logger
from libs.web.standalone import serve_probes
from tools.together.part import Part, worker_of

log = get_logger(__name__)


@dataclass
class Workers:
    """They run between gunicorn's two calls, in the process that it has forked: threads and
    connections from before a fork are nobody's."""

    parts: Sequence[Part]
    drain_s: float
    _running: list[Worker] = field(default_factory=list)
    _pid: int = 0

    def start(self, _: Any) -> None:
        """Before the first request is taken. Raises Unavailable without a database."""
        # All are made before the first has threads: deps are made from the process's environment.
        made = [
            (part.settings, worker_of(part, self.parts))
            for part in self.parts
            if isinstance(part.settings, Settings)  # else it has no database, and only serves
        ]
        self._pid = os.getpid()
        for settings, worker in made:
            if settings.metrics_bind:
                serve_probes(settings.metrics_bind, {"worker": worker.healthy})
            worker.start()
            self._running.append(worker)
        log.info("workers started", services=[part.name for part in self.parts])

    def stop(self, _: Any, __: Any) -> None:
        """After the last request: finish what is under way."""
        if self._pid != os.getpid():
            return
        stops = [Thread(target=worker.stop, args=(self.drain_s,)) for worker in self._running]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        self._running.clear()
        log.info("workers ended")
