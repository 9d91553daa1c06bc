"""Where the version files lie, and which is the last of each branch.

Read without alembic, so that a web process can say whether it is ready without carrying it.
"""

from __future__ import annotations

import importlib.util
import pkgutil
import re
from collections.abc import Iterator
from functools import cache

# Machinery that brings tables of its own, each a branch with its own label.
_LIBRARIES = ("libs.db", "libs.messaging")

_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_DOWN = re.compile(r'^down_revision = (?:None|"(\w+)")$', re.MULTILINE)


def modules(service: str) -> tuple[str, ...]:
    """The modules with the versions that a service's database gets, in no order that matters.

    Works in a checkout, in an image and in a PEX alike, for Python itself finds the files."""
    return tuple(
        f"{package}.{module.name}"
        for package in _packages(service)
        for module in pkgutil.iter_modules(_locations(package))
    )


@cache
def heads(service: str) -> dict[str, str]:
    """The last version of each branch: `{"messaging": "messaging_0002", "users": "users_0001"}`."""
    revisions: dict[str, str | None] = {}
    for module in modules(service):
        source = _source(module)
        revision, down = _REVISION.search(source), _DOWN.search(source)
        if revision is None or down is None:
            raise ValueError(
                f'{module} must say revision = "..." and down_revision = "..." or None'
            )
        if not re.fullmatch(r"[a-z]+_[0-9]{4}", revision[1]):
            raise ValueError(f"{module}: {revision[1]!r} is not of the form users_0001")
        revisions[revision[1]] = down[1]
    last = set(revisions) - set(revisions.values())
    found = {branch_of(revision): revision for revision in last}
    if len(found) != len(last):
        raise ValueError(
            f"two versions continue the same one, of {sorted(last)}; put them in a row"
        )
    return found


def branch_of(revision: str) -> str:
    """`users` for `users_0001`."""
    return revision.rpartition("_")[0]


def _packages(service: str) -> Iterator[str]:
    for owner in (*_LIBRARIES, f"services.{service}"):
        # A library may not be part of this program, a service may have no tables of its own.
        if _exists(f"{owner}.migrations"):
            yield f"{owner}.migrations.versions"


def _exists(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _locations(package: str) -> list[str]:
    spec = importlib.util.find_spec(package) if _exists(package) else None
    if spec is None or spec.submodule_search_locations is None:
        raise FileNotFoundError(f"{package} is not here; was it left out when this was packaged?")
    return list(spec.submodule_search_locations)


def _source(module: str) -> str:
    spec = importlib.util.find_spec(module)
    loader = spec.loader if spec else None
    source = getattr(loader, "get_source", lambda _: None)(module)
    if source is None:
        raise FileNotFoundError(f"the source of {module} cannot be read")
    return str(source)
