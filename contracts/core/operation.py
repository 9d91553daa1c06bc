"""What a request class declares, as data: for routes, clients, documents and checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Literal

from contracts.core._wire import Wire
from contracts.core.callers import Anyone
from contracts.core.problems import Problem

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Repeat(Enum):
    """What happens when a request arrives twice."""

    SAFE = "safe"  # by nature: the second one changes nothing
    KEYED = "keyed"  # by an Idempotency-Key: the second one gets the first one's answer
    ONCE = "once"  # it does it again, so nobody sends it twice by himself


SAFE, KEYED, ONCE = Repeat.SAFE, Repeat.KEYED, Repeat.ONCE


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service; `answer` is None where it answers nothing (204). What is deprecated
    may be gone after its `sunset`."""

    service: str
    name: str
    method: Method
    path: str
    status: int
    callers: tuple[type[Anyone], ...]
    answer: Any
    problems: tuple[type[Problem], ...]
    repeat: Repeat
    deadline_s: float
    deprecated: bool
    sunset: date | None
    wire: Wire
