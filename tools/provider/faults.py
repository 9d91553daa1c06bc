"""How the simulator is told to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0, le=1_000_000)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


class Faults(BaseModel):
    """What is wrong with the next answers and webhooks.

    The next `fail_next` requests for money wait `delay_s`, and then: with `drop` the wish is granted
    and the connection cut before the answer; with `status` nothing is granted and that is answered;
    with neither it is granted before the wait, so that a caller who gave up has been charged.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    fail_next: Count = 0
    status: Literal[0] | Annotated[int, Field(ge=400, le=599)] = 0
    delay_s: Seconds = 0.0
    drop: bool = False
    webhooks: bool = True
    webhook_delay_s: Seconds = 0.0
    webhook_repeats: Count = 0


class Control:
    """The faults of the moment; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults = Faults()

    @property
    def faults(self) -> Faults:
        return self._faults

    def set(self, words: Mapping[str, object]) -> Faults:
        """Changes what `words` names; an empty one ends all faults. Raises ValidationError, which
        is a ValueError, naming what cannot be."""
        with self._lock:
            before = self._faults.model_dump() if words else {}
            self._faults = Faults.model_validate(before | dict(words))
            return self._faults

    def next(self) -> Faults | None:
        """The faults of this request; None when it is to be answered well."""
        with self._lock:
            now = self._faults
            if now.fail_next <= 0:
                return None
            self._faults = now.model_copy(update={"fail_next": now.fail_next - 1})
            return now
