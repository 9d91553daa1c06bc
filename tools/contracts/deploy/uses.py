"""Which pages of its neighbours a service of this checkout was built against, and what it uses of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path


def uses(root: Path, service: str) -> Mapping[str, frozenset[str]]:
    """For each page (`contracts.orders.v1`) that the service's own code imports the names that it takes
    from it, tests aside. A page that is handed on whole (a table of peers) has none."""
    found: dict[str, set[str]] = {}
    for path in sorted((root / "services" / service).rglob("*.py")):
        if "tests" in path.relative_to(root).parts:
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue  # its own checks will tell
        aliases = {}
        for name, page, member in _imports(tree):
            names = found.setdefault(page, set())
            if member:
                names.add(member)
            else:
                aliases[name] = page
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if page := aliases.get(node.value.id, ""):
                    found[page].add(node.attr)
    return {page: frozenset(names) for page, names in found.items()}


def _imports(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """The local name, the page, and the member of it (empty for the page itself)."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        parts = node.module.split(".")
        if parts[0] != "contracts" or len(parts) < 2 or parts[1] in ("core", "shared"):
            continue
        for one in node.names:
            if len(parts) == 2:
                yield one.asname or one.name, f"{node.module}.{one.name}", ""
            else:
                yield one.asname or one.name, node.module, one.name


def services(root: Path) -> tuple[str, ...]:
    """The services of the checkout, sorted."""
    return tuple(sorted(path.parent.name for path in root.glob("services/*/main.py")))


def knowing(root: Path) -> Mapping[str, frozenset[str]]:
    """For each contract (`orders/v1`) the services of the checkout that were built against it, whoever keeps
    it aside; all of them for the language."""
    found: dict[str, set[str]] = {}
    names = services(root)
    for service in names:
        for page in uses(root, service):
            owner, version = page.split(".")[1:3]
            if owner != service:
                found.setdefault(f"{owner}/{version}", set()).add(service)
    for page in ("chassis", "feed", "forms"):
        found[f"core/{page}"] = set(names)
    return {contract: frozenset(services) for contract, services in found.items()}
