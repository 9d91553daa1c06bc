"""The feed of a service's events, the cursors that read others' feeds, and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from libs.messaging.feed import HasMessages, feed_route
from libs.messaging.jobs import Job, JobHandler
from libs.messaging.messages import Messages
from libs.messaging.parked import Parked
from libs.messaging.transaction import Tx

if TYPE_CHECKING:
    from libs.messaging.worker import Worker

__all__ = [
    "HasMessages",
    "Job",
    "JobHandler",
    "Messages",
    "Parked",
    "Tx",
    "Worker",
    "feed_route",
]


def __getattr__(name: str) -> object:
    # The worker brings dramatiq along, which a web process does without.
    if name == "Worker":
        from libs.messaging.worker import Worker

        return Worker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
