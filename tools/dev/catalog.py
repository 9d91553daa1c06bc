"""Which services the checkout has, on which port each listens, and whom each asks."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.dev.closure import imported_modules, own_files
from tools.dev.errors import Refusal

# The worker's probes and metrics answer on the web's port plus this.
WORKER_OFFSET = 100
# Where neither a service nor a server of ours listens, for services whose BUILD names no port.
_FIRST_UNNAMED = 8020


@dataclass(frozen=True)
class Service:
    """A folder in services/ with a main.py. `needs` are the neighbours whose contracts it reads.
    One without migrations/ has no database, and nothing to do besides serving."""

    name: str
    port: int
    needs: frozenset[str] = frozenset()
    has_database: bool = True

    @property
    def roles(self) -> tuple[Literal["web", "worker"], ...]:
        """The processes that it runs as."""
        return ("web", "worker") if self.has_database else ("web",)


def services_of(root: Path) -> tuple[Service, ...]:
    """The services of the checkout in the order of their names; may be empty."""
    names = sorted(path.parent.name for path in (root / "services").glob("*/main.py"))
    unnamed = iter(range(_FIRST_UNNAMED, _FIRST_UNNAMED + WORKER_OFFSET - 20))
    return tuple(
        Service(
            name,
            _declared_port(root / "services" / name / "BUILD") or next(unnamed),
            frozenset(_neighbours(root, name, names)),
            (root / "services" / name / "migrations").is_dir(),
        )
        for name in names
    )


def levels(services: Iterable[Service]) -> Mapping[str, frozenset[str]]:
    """For each service those to wait for before it starts; neighbours come first. In a circle of
    services that ask each other, the one whose name comes first doesn't wait for the others."""
    left = {service.name: service.needs for service in services}
    known = frozenset(left)
    waits: dict[str, frozenset[str]] = {}
    while left:
        free = [name for name, needs in left.items() if needs & known <= waits.keys()]
        for name in free or [min(name for name in left if _asks_itself(name, left))]:
            waits[name] = left.pop(name) & waits.keys()
    return waits


def _asks_itself(name: str, needs: Mapping[str, frozenset[str]]) -> bool:
    """Whether it waits, over others, for itself."""
    reached: set[str] = set()
    left = [name]
    while left:
        further = needs.get(left.pop(), frozenset()) - reached
        reached |= further
        left.extend(further)
    return name in reached


def _declared_port(build: Path) -> int | None:
    """`service(port=8001)` in the service's BUILD file: the one place that says it."""
    try:
        tree = ast.parse(build.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except SyntaxError as error:
        raise Refusal(f"{build} cannot be read as a BUILD file: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "service":
            for word in node.keywords:
                if word.arg == "port" and isinstance(word.value, ast.Constant):
                    port = word.value.value
                    return port if isinstance(port, int) else None
    return None


def _neighbours(root: Path, name: str, names: Iterable[str]) -> Iterable[str]:
    read = {module for file in own_files(root, name) for module in imported_modules(file, root)}
    for neighbour in names:
        prefix = f"contracts.{neighbour}"
        if neighbour != name and any(m == prefix or m.startswith(prefix + ".") for m in read):
            yield neighbour
