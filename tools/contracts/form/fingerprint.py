"""What a function does, as a short text: the same until somebody changes what it does.

It is taken from the syntax tree, without docstrings and annotations, together with the functions and
constants of the contracts that it uses. A formatter's run, a comment, another line or another name of the
function itself change nothing.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import re
import sys
import types
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

# Said of a method by the machinery around it; what they say is recorded elsewhere.
_DECORATORS = frozenset(
    "classmethod staticmethod property cached_property computed_field field_validator "
    "model_validator field_serializer model_serializer validator root_validator".split()
)
# pydantic calls these by itself, in one version or another.
_LIBRARIES = frozenset({"pydantic", "pydantic_core", "annotated_types", "operator", "collections"})
_WITHOUT_MEANING = frozenset(
    {"returns", "annotation", "type_comment", "type_params", "ctx", "kind", "type_ignores"}
)


def fingerprint(function: Any) -> str:
    """Twelve hexadecimal digits."""
    return hashlib.sha256("\n".join(_described(function, set())).encode()).hexdigest()[:12]


def name_of(function: Any) -> str:
    """How people call the function."""
    inner = _unwrapped(function)
    return str(getattr(inner, "__qualname__", type(inner).__name__))


def is_ours(function: Any) -> bool:
    """Whether the function was written for a contract, and not for pydantic or Python itself."""
    inner = _unwrapped(function)
    module = getattr(inner, "__module__", None) or type(inner).__module__
    top = module.partition(".")[0]
    return top not in _LIBRARIES


def _unwrapped(function: Any) -> Any:
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif isinstance(function, classmethod | staticmethod):
            function = function.__func__
        elif isinstance(function, property):
            function = function.fget
        elif isinstance(function, functools.cached_property):
            function = function.func
        else:
            return function


def _described(value: Any, seen: set[Any]) -> Iterator[str]:
    """What tells one value from another, in lines."""
    if isinstance(value, functools.partial):
        yield "partial"
        for bound in (
            *value.args,
            *(one for pair in sorted(value.keywords.items()) for one in pair),
        ):
            yield from _described(bound, seen)
    value = _unwrapped(value)
    if isinstance(value, types.FunctionType):
        yield from _function(value, seen)
    elif isinstance(value, type | types.ModuleType | types.BuiltinFunctionType):
        yield f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}"
    elif isinstance(value, re.Pattern):
        yield f"{value.pattern!r} {value.flags}"
    elif isinstance(value, frozenset | set):
        yield from sorted("\n".join(_described(one, seen)) for one in value)
    elif isinstance(value, dict):
        yield f"{{{len(value)}"
        for pair in sorted(value.items(), key=repr):
            yield from _described(pair, seen)
    elif isinstance(value, tuple | list):
        yield f"{type(value).__name__}{len(value)}"
        for one in value:
            yield from _described(one, seen)
    elif value is None or isinstance(value, str | bytes | int | float | bool | Decimal):
        yield repr(value)
    elif isinstance(call := getattr(type(value), "__call__", None), types.FunctionType):  # noqa: B004
        yield from _function(call, seen)
        for pair in sorted(getattr(value, "__dict__", {}).items()):
            yield from _described(pair, seen)
    else:
        # An object's repr may hold its address.
        yield f"{type(value).__module__}.{type(value).__qualname__} {getattr(value, '__name__', '')}"


def _function(function: types.FunctionType, seen: set[Any]) -> Iterator[str]:
    if function.__code__ in seen:
        return
    seen.add(function.__code__)
    if not _within(function.__module__, "contracts") and not _source(function.__module__):
        yield f"{function.__module__}.{function.__qualname__}"
        return
    found = _found(function)
    if found is None:  # made without a file
        yield f"{function.__code__.co_code!r} {function.__code__.co_consts!r}"
        return
    yield _text(found.node)
    closure = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for name in sorted(_names(found.node)):
        if name in closure:
            used = closure[name].cell_contents
        elif name in function.__globals__:
            used = function.__globals__[name]
        else:
            continue
        yield name
        yield from _used(used, name, function, seen)
    for method in _methods(found):
        yield _text(method)


def _used(value: Any, name: str, by: types.FunctionType, seen: set[Any]) -> Iterator[str]:
    """A global or captured value: a function of the contracts by what it does, another by its name."""
    inner = _unwrapped(value)
    if isinstance(inner, types.FunctionType):
        if _within(inner.__module__, _top(by.__module__)):
            yield from _function(inner, seen)
        else:
            yield f"{inner.__module__}.{inner.__qualname__}"
        return
    yield from _described(value, seen)


def _top(module: str) -> str:
    return module.partition(".")[0]


def _within(module: str | None, top: str) -> bool:
    return (module or "").partition(".")[0] == top


class _Found(NamedTuple):
    """A function's node, and the class around it."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    around: ast.ClassDef | None


class _Source(NamedTuple):
    functions: dict[int, list[_Found]]  # by their first line


@functools.cache
def _source(module: str) -> _Source | None:
    """The functions of a module, when it has a file of ours to read."""
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if not file or not file.endswith(".py"):
        return None
    if "site-packages" in file or file.startswith(sys.base_prefix + "/lib/python"):
        return None
    functions: dict[int, list[_Found]] = {}

    def visit(node: ast.AST, around: ast.ClassDef | None) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            decorators = getattr(node, "decorator_list", [])
            line = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            functions.setdefault(line, []).append(_Found(node, around))
        inside = node if isinstance(node, ast.ClassDef) else around
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    with open(file, "rb") as opened:
        visit(ast.parse(opened.read()), None)
    return _Source(functions)


def _found(function: types.FunctionType) -> _Found | None:
    source = _source(function.__module__)
    if source is None:
        return None
    code = function.__code__
    candidates = [
        found
        for found in source.functions.get(code.co_firstlineno, [])
        if getattr(found.node, "name", "<lambda>") == code.co_name
    ]
    if len(candidates) > 1:  # several lambdas begin on one line: the one that holds the code
        candidates.sort(key=lambda found: _distance(found.node, code))
    return candidates[0] if candidates else None


def _distance(node: Any, code: types.CodeType) -> tuple[bool, int]:
    places = [
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column is not None and (line, column) != (code.co_firstlineno, 0)
    ]
    body = node.body
    start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    outside = any(not start <= place <= end for place in places)
    return outside, (end[0] - start[0]) * 1000 + end[1] - start[1]


def _names(node: ast.AST) -> set[str]:
    return {
        one.id
        for part in _meaning(node)
        for one in ast.walk(part)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }


def _meaning(node: Any) -> list[ast.AST]:
    """The parts of a function that do something: not its annotations."""
    body = node.body if isinstance(node.body, list) else [node.body]
    arguments = node.args
    return [*body, *arguments.defaults, *(one for one in arguments.kw_defaults if one)]


def _methods(found: _Found) -> Iterator[ast.AST]:
    """Further methods and constants of the class that the function calls on `self` or `cls`."""
    if found.around is None:
        return
    members: dict[str, ast.AST] = {}
    for statement in found.around.body:
        if isinstance(statement, ast.FunctionDef):
            members[statement.name] = statement
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            members[statement.targets[0].id] = statement.value
    pending, done = [found.node], {getattr(found.node, "name", "")}
    while pending:
        for one in ast.walk(pending.pop()):
            if (
                isinstance(one, ast.Attribute)
                and isinstance(one.value, ast.Name)
                and one.value.id in ("self", "cls", found.around.name)
                and one.attr in members
                and one.attr not in done
            ):
                done.add(one.attr)
                method: Any = members[one.attr]
                yield method
                pending.append(method)


def _text(node: ast.AST) -> str:
    return json.dumps(_tree(node, top=True), ensure_ascii=False)


def _tree(node: Any, *, top: bool = False) -> Any:
    """The syntax tree as JSON, the same from any version of Python."""
    if isinstance(node, list):
        return [_tree(one) for one in node if not _says_nothing(one)]
    if isinstance(node, ast.AnnAssign):
        if node.value is None:
            return ["Pass"]
        return ["Assign", ["targets", [_tree(node.target)]], ["value", _tree(node.value)]]
    if not isinstance(node, ast.AST):
        return node if isinstance(node, str | bool | int | None) else repr(node)
    said: list[Any] = [type(node).__name__]
    for name, value in ast.iter_fields(node):
        if name in _WITHOUT_MEANING or value is None or value == []:
            continue
        if name == "name" and top:
            continue
        if name == "decorator_list":
            value = [one for one in value if _decorator(one) not in _DECORATORS]
        said.append([name, _tree(value)])
    return said


def _says_nothing(node: Any) -> bool:
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _decorator(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
