"""How a call ends that no contract declares."""

from __future__ import annotations


class Unavailable(Exception):
    """A neighbour, a database or a queue did not answer in time, or will not be asked right now.

    It is nobody's bug: a request answers 503, a job and a consumer wait and try again without
    having failed. `retry_after_s` is the earliest time at which another try makes sense.
    """

    def __init__(self, who: str, why: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(f"{who} is unavailable: {why}")
        self.who = who
        self.why = why
        self.retry_after_s = retry_after_s


class DeadlineExceeded(Unavailable):
    """The time that the request had is over; what is still open is given up."""


class Misunderstood(Exception):
    """A neighbour refused a request as no request of its contract: a bug, or the two were built
    from versions of the contract that do not fit. Trying again does not help. `status` is what it
    answered."""

    def __init__(self, why: str, *, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


class TokenEnded(Misunderstood):
    """A neighbour did not take the user's token that came with the request at hand, though it was
    good when the request began: the user has to log in again, which is nobody's bug."""
