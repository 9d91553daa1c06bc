"""Where things stand in the source, and what is written there for people."""

from __future__ import annotations

import ast
import functools
import sys
from typing import Any

from tools.contracts.form.model import Place


def file_of(module: str) -> str:
    """The file of a module from the root of the repository."""
    loaded = sys.modules.get(module)
    path = module.replace(".", "/")
    return f"{path}/__init__.py" if hasattr(loaded, "__path__") else f"{path}.py"


def class_place(cls: type) -> Place | None:
    """The line of the class, where it has one."""
    cls = _origin(cls)
    found = _classes(cls.__module__).get(cls.__qualname__)
    return None if found is None else Place(file_of(cls.__module__), found.lineno)


def member_place(cls: type, name: str) -> Place | None:
    """The line of a field or method, in the class or a base of it."""
    for base in _origin(cls).__mro__:
        found = _classes(base.__module__).get(base.__qualname__)
        for statement in found.body if found else ():
            target: Any = getattr(statement, "target", None)
            if name in (getattr(statement, "name", None), getattr(target, "id", None)):
                return Place(file_of(base.__module__), statement.lineno)
    return class_place(cls)


def text_of(cls: type) -> str:
    """The class's own docstring on one line; empty where it has none."""
    said = cls.__dict__.get("__doc__") or _origin(cls).__dict__.get("__doc__") or ""
    return " ".join(str(said).split())


def _origin(cls: Any) -> type:
    generic = getattr(cls, "__pydantic_generic_metadata__", None) or {}
    origin: type = generic.get("origin") or cls
    return origin


@functools.cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    file = getattr(sys.modules.get(module), "__file__", None)
    if not module.startswith("contracts") and module.startswith(("pydantic", "builtins")):
        return {}
    if not file or not file.endswith(".py"):
        return {}
    found: dict[str, ast.ClassDef] = {}

    def visit(node: ast.AST, around: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found[around + child.name] = child
                visit(child, f"{around}{child.name}.")

    with open(file, "rb") as opened:
        visit(ast.parse(opened.read()), "")
    return found
