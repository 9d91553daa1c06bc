"""The documents of every service, made of its contract: `python -m tools.contracts.documents`.

They lie in docs/api: `orders.openapi.json` and `orders.asyncapi.json`. `./dev contracts record`
writes them anew.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from contracts.core import Event
from libs.documents import asyncapi, events_of, openapi

FOLDER = Path("docs/api")
# `./dev up`: where a reader who tries things out finds the service.
_HOST = "127.0.0.1"
REFRESH = "./dev contracts record"


def write_all(root: Path) -> tuple[Path, ...]:
    """Write what is not as it should be, and remove what no service has. Returns what was changed."""
    wanted = documents(root)
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    for path in sorted({*folder.glob("*.json")} - wanted.keys()):
        path.unlink()
        changed.append(path)
    return tuple(changed)


def documents(root: Path) -> dict[Path, str]:
    """What should lie there: each path with its text. Contracts come from the Python path, the
    tables of consumers are read under `root`."""
    services = services_of(root)
    contracts = {service: contracts_of(root, service) for service in services}
    read = {service: tuple(read_events(root, service)) for service in services}
    readers = {
        event.__event__.name: [service for service in services if event in read[service]]
        for pages in contracts.values()
        for event in events_of(pages)
    }
    hosts = {service: f"{_HOST}:{port}" for service, port in _ports(root).items()}
    made: dict[Path, str] = {}
    for service, pages in contracts.items():
        local = {"url": f"http://{hosts[service]}", "description": "`./dev up`"}
        asked = openapi(service, pages, servers=[local])
        told = asyncapi(service, pages, receives=read[service], readers=readers, hosts=hosts)
        made[root / FOLDER / f"{service}.openapi.json"] = _text(asked)
        made[root / FOLDER / f"{service}.asyncapi.json"] = _text(told)
    return made


def services_of(root: Path) -> tuple[str, ...]:
    """The names of the services that answer others or listen to them, sorted: a storefront's pages
    are for people."""
    folders = (path.parent for path in root.glob("services/*/main.py"))
    return tuple(
        sorted(
            folder.name
            for folder in folders
            if (folder / "consumers.py").exists()
            or any(root.glob(f"contracts/{folder.name}/v*.py"))
        )
    )


def contracts_of(root: Path, service: str) -> tuple[ModuleType, ...]:
    """The versions of its contract, the oldest first; none for a service that only listens."""
    pages = sorted(root.glob(f"contracts/{service}/v*.py"), key=lambda path: int(path.stem[1:]))
    return tuple(import_module(f"contracts.{service}.{path.stem}") for path in pages)


def read_events(root: Path, service: str) -> Iterator[type[Event]]:
    """The events in the service's table of consumers, found without importing the service."""
    path = root / "services" / service / "consumers.py"
    if not path.exists():
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = dict(_contract_names(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Attribute(ast.Name(module), event), "handled_by"):
                if module in modules:
                    yield getattr(import_module(modules[module]), event)


def _contract_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """`orders` and `contracts.orders.v1` of `from contracts.orders import v1 as orders`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contracts."):
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _ports(root: Path) -> Mapping[str, int]:
    from tools.dev.catalog import services_of as found

    return {service.name: service.port for service in found(root)}


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(root: Path) -> int:
    """Write them all and say which changed."""
    _tell(path.relative_to(root) for path in write_all(root))
    return 0


def _tell(changed: Iterable[Path]) -> None:
    paths = list(changed)
    for path in paths:
        print(path)
    if not paths:
        print("documents: all as they should be", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[2]))
