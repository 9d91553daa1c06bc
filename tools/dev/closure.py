"""Which files a service is made of: its own, and what they import, found without running them."""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

_OURS = ("contracts", "libs", "services")
_NOT_RUN = {"tests", "__pycache__"}


def own_files(root: Path, service: str) -> Iterator[Path]:
    """The service's Python files, tests aside."""
    for path in (root / "services" / service).rglob("*.py"):
        if not _NOT_RUN & set(path.relative_to(root).parts):
            yield path


def closure(root: Path, service: str) -> frozenset[Path]:
    """The service's own Python files and all of ours that they import, directly or not. A file
    with a syntax error belongs to it but imports nothing."""
    found: set[Path] = set()
    left = list(own_files(root, service))
    while left:
        path = left.pop()
        if path in found:
            continue
        found.add(path)
        for module in imported_modules(path, root):
            left.extend(_files_of(root, module))
    return frozenset(found)


def is_part(root: Path, service: str, files: frozenset[Path], changed: Path) -> bool:
    """Whether a change of that file, also a removed or a new one, can change the service.

    `files` is the service's closure. What lies beside an imported file and is no Python (a
    template), and migrations, which no import finds, count too."""
    parts = changed.relative_to(root).parts
    if _NOT_RUN & set(parts) or changed.name == "BUILD" or changed.suffix in (".pyc", ".md"):
        return False
    if parts[:2] == ("services", service) or changed in files:
        return True
    if changed.suffix == ".py" and "migrations" not in parts:
        return False
    return len(parts) > 2 and any(file.is_relative_to(root.joinpath(*parts[:2])) for file in files)


def imported_modules(path: Path, root: Path) -> tuple[str, ...]:
    """The dotted names of ours that the file imports, also inside functions."""
    try:
        stamp = path.stat()
    except FileNotFoundError:
        return ()
    return _imports(path, root, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4096)
def _imports(path: Path, root: Path, _mtime_ns: int, _size: int) -> tuple[str, ...]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return ()
    package = path.relative_to(root).parent.parts
    return tuple(sorted(set(_names(tree, package))))


def _names(tree: ast.AST, package: tuple[str, ...]) -> Iterable[str]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from a import b`: b may be a module or a name in a.
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.partition(".")[0] in _OURS)


def _files_of(root: Path, module: str) -> Iterable[Path]:
    folder = root
    for part in module.split("."):
        if (as_file := folder / f"{part}.py").exists():
            yield as_file
        folder = folder / part
        if (as_package := folder / "__init__.py").exists():
            yield as_package
