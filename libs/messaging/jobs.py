"""Jobs: work with a network in it, done after the transaction that asked for it.

    class SendWelcome(Job, name="notifications.send_welcome"):
        user_id: UserId

    tx.later(SendWelcome(user_id=event.user_id))

The row is the truth; dramatiq only carries its id to a thread that is free. A job may run twice
(the process died after the mail was sent, before that was written down), always under one `key`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self

from pydantic import PrivateAttr
from typing_extensions import TypeVar

from contracts.core import Value
from contracts.core.errors import DeclarationError

D = TypeVar("D", contravariant=True)  # what the handler works with


class Job(Value):
    """Work to do later, with what is needed to do it. Rows outlive releases: give a field that is
    added a default, and keep a name until no row has it."""

    __job__: ClassVar[str]
    _key: str | None = PrivateAttr(default=None)

    def __init_subclass__(cls, *, name: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if name is None or not re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
            raise DeclarationError(cls, f'{name!r} is no name; a job says name="service.do_it"')
        cls.__job__ = name

    @classmethod
    def handled_by(cls, handler: Callable[[Self, D], None]) -> JobHandler[D]:
        """This job with the function that does it; the type checker ties the two."""
        return JobHandler(cls, handler)

    @property
    def key(self) -> str:
        """The same at each attempt, and no other job's: give it to providers as idempotency key."""
        if self._key is None:
            raise RuntimeError(
                f"{type(self).__name__} has a key once it runs; see `keyed` for tests"
            )
        return self._key

    def keyed(self, key: str) -> Self:
        """This job as its handler gets it."""
        copy = self.model_copy()
        copy._key = key
        return copy


@dataclass(frozen=True, slots=True)
class JobHandler(Generic[D]):
    """A row of a table of jobs: a job class and its handler."""

    job: type[Job]
    handler: Callable[[Any, D], None]
