"""The shop as one process."""

from __future__ import annotations

import json
import os

from e2e.program import Program
from e2e.shop import SERVICES, Shop


class ShopTogether(Shop):
    """All services in one process (tools/together): the same ports, the same databases. Whoever
    kills one kills all."""

    def add_programs(self) -> None:
        """One program for all."""
        ground = self.ground
        environments = {name: ground.environment(name, "all") for name in self.services}
        file = ground.folder / "environments.json"
        file.write_text(json.dumps(environments))
        self.programs["everything"] = Program(
            "tools.together",
            (str(file),),
            os.environ,
            ground.folder / "everything.log",
            *(f"{url}/readyz" for url in ground.urls.values()),
            *(f"{ground.worker_urls[name]}/readyz" for name in self.services if name in SERVICES),
        )

    def programs_of(self, service: str) -> list[Program]:
        """The one that all are."""
        return list(self.programs.values())
