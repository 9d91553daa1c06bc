"""users and notifications alone, with workers that race each other."""

from __future__ import annotations

from pathlib import Path

from e2e.program import Program
from e2e.shop import Shop


class RacingShop(Shop):
    """`notifications` has two workers, which read every lane at once (e2e.racing_worker): nothing
    but the compare-and-set of the cursor keeps them from doing the same work twice. `without`
    switches off parts of the machinery, to see that a test notices.
    """

    services = ("users", "notifications")

    def __init__(self, folder: Path, *, without: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self._without = tuple(f"--without={part}" for part in without)

    def add_programs(self) -> None:
        """Each handled event puts a row into `tally`: unlike a job, it has no key."""
        self.rows("notifications", "CREATE TABLE tally (user_id text NOT NULL)")
        self.add("users", "web")
        self.add("users", "worker")
        for n in ("1", "2"):
            environment = self.ground.environment("notifications", f"worker-{n}")
            del environment["METRICS_BIND"]  # there is one for both
            self.programs[f"notifications worker {n}"] = Program(
                "e2e.racing_worker",
                self._without,
                environment,
                self.ground.folder / f"notifications-worker-{n}.log",
            )
