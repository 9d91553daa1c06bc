"""Tells which services an edit touches."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import watchfiles

from tools.dev.closure import closure, is_part

_FOLDERS = ("contracts", "libs", "services")

Changed = Callable[[str, list[str], bool], None]
"""Hears the service, its changed files and whether migrations are among them."""


class Watcher:
    """Watches the sources until `ending` is set."""

    def __init__(
        self, root: Path, services: Iterable[str], ending: threading.Event, changed: Changed
    ) -> None:
        self._root = root
        self._ending = ending
        self._changed = changed
        self._files = {service: closure(root, service) for service in services}

    def run(self) -> None:
        folders = [self._root / name for name in _FOLDERS if (self._root / name).exists()]
        for changes in watchfiles.watch(
            *folders, stop_event=self._ending, debounce=400, step=100, rust_timeout=500
        ):
            self.look(sorted({Path(path) for _, path in changes}))

    def look(self, changed: list[Path]) -> None:
        """Calls for each service that these files are part of, now or before the edit."""
        for service, before in self._files.items():
            now = closure(self._root, service)
            touched = [p for p in changed if is_part(self._root, service, before | now, p)]
            self._files[service] = now
            if touched:
                names = [str(path.relative_to(self._root)) for path in touched]
                self._changed(service, names, any("migrations" in p.parts for p in touched))
