"""What a fake remembers: the things that were made, by their kind and their name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.fake.shapes import Kind

Json = dict[str, Any]


@dataclass
class Thing:
    """One thing as it travels; `settles_at` is when it goes on by itself."""

    said: Json
    settles_at: float | None = None


@dataclass
class Things:
    """All of a fake's things, the latest last. Used by one thread at a time."""

    clock: Callable[[], float] = time.monotonic
    _kept: dict[Kind, dict[str, Thing]] = field(default_factory=dict)

    def put(self, kind: Kind, said: Json, *, settles_after_s: float | None = None) -> None:
        """Keep a thing under the name that it says."""
        settles_at = None if settles_after_s is None else self.clock() + settles_after_s
        self._of(kind)[str(said[kind.id_field])] = Thing(said, settles_at)

    def find(self, kind: Kind, name: str) -> Thing | None:
        """The thing of this name."""
        return self._of(kind).get(name)

    def remove(self, kind: Kind, name: str) -> bool:
        """Forget a thing; whether there was one."""
        return self._of(kind).pop(name, None) is not None

    def all(self, kind: Kind) -> list[Thing]:
        """Those of a kind, the latest first."""
        return [*reversed(self._of(kind).values())]

    def due(self) -> Iterator[tuple[Kind, Thing]]:
        """Those that should have gone on by now."""
        now = self.clock()
        for kind, things in self._kept.items():
            for thing in things.values():
                if thing.settles_at is not None and thing.settles_at <= now:
                    yield kind, thing

    def like(self, said: Json) -> Json | None:
        """A thing that agrees with what was said in a text that is its own: an address, a name."""
        for things in self._kept.values():
            for thing in things.values():
                shared = [name for name in said.keys() & thing.said.keys() if said[name]]
                if shared and all(thing.said[name] == said[name] for name in shared):
                    return thing.said
        return None

    def _of(self, kind: Kind) -> dict[str, Thing]:
        return self._kept.setdefault(kind, {})
