"""What a service uses of its neighbours' contracts, read from its own source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

# Whoever asks a page by these may take anything of it.
_REFLECTION = frozenset({"getattr", "hasattr", "vars", "dir"})


def uses(folder: Path) -> Mapping[str, frozenset[str] | None]:
    """For each page (`contracts.orders.v1`) that the code in the folder imports the names that it takes from
    it, tests aside; None where it takes them in a way that cannot be read. A page that is only handed
    on (a table of peers) has none."""
    trees = list(_trees(folder))
    # A page may be imported in one module and taken from there by another, under the same name.
    aliases = {
        name: page for tree in trees for name, page, member in _imports(tree) if member is None
    }
    found: dict[str, set[str]] = {page: set() for page in aliases.values()}
    everything: set[str] = set()
    for tree in trees:
        for _, page, member in _imports(tree):
            found.setdefault(page, set()).update([member] if member else [])
        known = {name: aliases[name] for name in _imported_names(tree) if name in aliases}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if page := known.get(node.value.id, ""):
                    found[page].add(node.attr)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in _REFLECTION:
                everything |= {
                    known[one.id]
                    for one in node.args
                    if isinstance(one, ast.Name) and one.id in known
                }
    return {
        page: None if page in everything or "*" in names else frozenset(names)
        for page, names in found.items()
    }


def _trees(folder: Path) -> Iterator[ast.Module]:
    for path in sorted(folder.rglob("*.py")):
        if "tests" not in path.relative_to(folder).parts:
            try:
                yield ast.parse(path.read_text(encoding="utf-8"))
            except (SyntaxError, UnicodeDecodeError):
                continue  # its own checks will tell


def _imports(tree: ast.AST) -> Iterator[tuple[str, str, str | None]]:
    """The local name, the page, and the member of it; None for the page itself."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        parts = node.module.split(".")
        if parts[0] != "contracts" or len(parts) < 2 or parts[1] in ("core", "shared"):
            continue
        for one in node.names:
            if len(parts) == 2:
                yield one.asname or one.name, f"{node.module}.{one.name}", None
            else:
                yield one.asname or one.name, node.module, one.name


def _imported_names(tree: ast.AST) -> set[str]:
    return {
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for one in node.names
    }
