"""Which services a change rebuilds: those that import what changed, directly or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.dev.closure import closure, is_part

# What each PEX and image is made with.
_ALL = ("3rdparty/python/python-default.lock", "build-support/prelude", "pants.toml")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A service whose PEX and image Pants makes anew, and the changed files that are in it."""

    service: str
    causes: tuple[str, ...]


def rebuilt(root: Path, changed: Iterable[str]) -> tuple[Rebuilt, ...]:
    """The services that the changed files are in, in the order of their names."""
    changed = tuple(changed)
    if not changed:
        return ()
    found = []
    for service in services(root):
        files = closure(root, service)
        causes = tuple(name for name in changed if _is_in(root, service, files, name))
        if causes:
            found.append(Rebuilt(service, causes))
    return tuple(found)


def _is_in(root: Path, service: str, files: frozenset[Path], name: str) -> bool:
    if name in _ALL:
        return True
    if name.startswith("contracts/") and name.endswith(".toml"):
        return False  # waivers are in no image; recorded forms are, for can-deploy
    if name == f"services/{service}/BUILD":
        return True
    return is_part(root, service, files, root / name)


def services(root: Path) -> tuple[str, ...]:
    """The services of the checkout, sorted."""
    return tuple(sorted(path.parent.name for path in root.glob("services/*/main.py")))
