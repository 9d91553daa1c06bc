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
    modules = [_Module(tree) for tree in _trees(folder)]
    # A page may be imported in one module and taken from there by another, under the same name.
    aliases = {
        name: page for module in modules for name, page, member in module.pages if member is None
    }
    found: dict[str, set[str]] = {page: set() for page in aliases.values()}
    everything: set[str] = set()
    for module in modules:
        for _, page, member in module.pages:
            found.setdefault(page, set()).update([member] if member else [])
        known = {name: aliases[name] for name in module.imported if name in aliases}
        for name, attribute in module.attributes:
            if name in known:
                found[known[name]].add(attribute)
        everything |= {known[name] for name in module.reflected if name in known}
    return {
        page: None if page in everything or "*" in names else frozenset(names)
        for page, names in found.items()
    }


class _Module:
    """What one module imports of contracts and others, and what it takes from names."""

    def __init__(self, tree: ast.Module) -> None:
        # The local name, the page, and the member of it; None for the page itself.
        self.pages: list[tuple[str, str, str | None]] = []
        self.imported: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.reflected: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                if isinstance(node.value, ast.Name):
                    self.attributes.add((node.value.id, node.attr))
            elif isinstance(node, ast.ImportFrom):
                self._import(node)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in _REFLECTION:
                self.reflected |= {one.id for one in node.args if isinstance(one, ast.Name)}

    def _import(self, node: ast.ImportFrom) -> None:
        self.imported |= {one.asname or one.name for one in node.names}
        parts = (node.module or "").split(".")
        if parts[0] != "contracts" or len(parts) < 2 or parts[1] in ("core", "shared"):
            return
        for one in node.names:
            if len(parts) == 2:
                page, member = f"{node.module}.{one.name}", None
            else:
                page, member = ".".join(parts), one.name
            self.pages.append((one.asname or one.name, page, member))


def _trees(folder: Path) -> Iterator[ast.Module]:
    for path in sorted(folder.rglob("*.py")):
        if "tests" not in path.relative_to(folder).parts:
            try:
                yield ast.parse(path.read_text(encoding="utf-8"))
            except (SyntaxError, UnicodeDecodeError):
                continue  # its own checks will tell
