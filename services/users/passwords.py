"""Passwords: hashed with argon2, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from libs.operations.errors import Unavailable

# OWASP's minimum, some 34 ms of CPU. The library's default takes 253 ms: eight log-ins would hold
# every thread for two seconds.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
AT_ONCE = 2
WAIT_S = 1.0


class Passwords:
    """Hashes and checks passwords. At most two at once in a process, so that a wave of log-ins
    leaves the other threads their CPU; who waits longer than a second gets Unavailable."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._slots = BoundedSemaphore(AT_ONCE)
        # Checked for addresses that nobody has, so that the time does not tell which exist.
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """A salted hash, its parameters included."""
        with self._slot():
            return self._hasher.hash(password)

    def matches(self, known_hash: str | None, password: str) -> bool:
        """Whether it is the password; False for None, after the same time."""
        with self._slot():
            try:
                return self._hasher.verify(known_hash or self._nobody, password) and bool(
                    known_hash
                )
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, known_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known_hash)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=WAIT_S):
            raise Unavailable("users", "too many passwords are being checked", retry_after_s=1)
        try:
            yield
        finally:
            self._slots.release()
