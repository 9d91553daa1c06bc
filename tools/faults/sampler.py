"""Looks at the stock again and again, each time in one snapshot (I2)."""

from __future__ import annotations

import threading
from typing import Any

import psycopg

from tools.faults.shelf import Shelf
from tools.faults.world import World

_EVERY_S = 0.5

# One statement is one snapshot. The view counts each number again from the rows that it sums up.
_LOOK = """
    SELECT (SELECT json_object_agg(sku, json_build_array(on_hand, reserved, sold))
            FROM stock WHERE sku LIKE %(ours)s),
           (SELECT json_agg(drift) FROM stock_drift AS drift WHERE sku LIKE %(ours)s)"""


class Sampler:
    """A thread while it is started; `evidence` and `samples` tell what it saw since then."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._shelf = Shelf({})
        self._ours = ""
        self.samples = 0
        self.evidence: dict[str, str] = {}

    def start(self, shelf: Shelf, round: int) -> None:
        """Of this round's products."""
        self._shelf, self._ours = shelf, f"faults-{round}-%"
        self.samples, self.evidence = 0, {}
        self._ended.clear()
        self._thread = threading.Thread(target=self._watch, name="sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """After a last look. Safe to repeat."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while True:
            last = self._ended.wait(_EVERY_S)
            try:
                if connection is None:
                    connection = self._world.connect("catalog")
                self._look(connection)
            except psycopg.Error:  # it is being killed; the next look finds it again
                if connection is not None:
                    connection.close()
                connection = None
            if last:
                break
        if connection is not None:
            connection.close()

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute(_LOOK, {"ours": self._ours}).fetchone()
        assert row is not None
        found, drift = row
        self.samples += 1
        for sku, (on_hand, reserved, sold) in (found or {}).items():
            came_in = self._shelf.units.get(sku, 0)
            if min(on_hand, reserved, sold) < 0 or on_hand + reserved + sold != came_in:
                self.evidence.setdefault(
                    sku,
                    f"{sku}: {on_hand} on hand, {reserved} reserved, {sold} sold; {came_in} came in",
                )
        for row in drift or ():
            self.evidence.setdefault(
                row["sku"],
                f"{row['sku']}: {row['reserved']} reserved, but its holds are {row['lines_held']}; "
                f"{row['sold']} sold, but its sales are {row['lines_committed']}",
            )
