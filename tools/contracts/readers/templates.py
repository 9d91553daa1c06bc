"""What templates read: names that only rendering ties to a contract, so that each may be a read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

from tools.contracts.readers.model import Kind, Use

_SUFFIXES = {".jinja", ".html", ".j2", ".txt"}
# Filters that take the name of an attribute.
_BY_NAME = {"attr", "groupby", "map", "rejectattr", "selectattr", "sort", "sum", "unique"}


def template_uses(root: Path) -> tuple[Use, ...]:
    """Each attribute that a template of a service names, as something that may be read there."""
    return tuple(
        use
        for path in sorted((root / "services").rglob("*"))
        if path.suffix in _SUFFIXES and "tests" not in path.parts and path.is_file()
        for use in _uses(path, path.relative_to(root).as_posix())
    )


def _uses(path: Path, file: str) -> Iterator[Use]:
    environment = Environment(
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"]
    )
    try:
        tree = environment.parse(path.read_text(encoding="utf-8"))
    except (TemplateSyntaxError, UnicodeDecodeError):
        return  # it can't be rendered either
    for found in tree.find_all(nodes.Getattr):
        yield Use(file, found.lineno, Kind.UNKNOWN, "", found.attr, f"{_text(found)} in a template")
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str):
            name = item.arg.value
            yield Use(file, item.lineno, Kind.UNKNOWN, "", name, f"{_text(item)} in a template")
    for by_name in tree.find_all(nodes.Filter):
        given = [*by_name.args, *(keyword.value for keyword in by_name.kwargs)]
        for constant in given if by_name.name in _BY_NAME else ():
            for name in str(constant.value).split(".") if isinstance(constant, nodes.Const) else ():
                text = f"{by_name.name}({name}) in a template"
                yield Use(file, by_name.lineno, Kind.UNKNOWN, "", name, text)


def _text(node: nodes.Node | None) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_text(node.node)}.{node.attr}"
        case nodes.Getitem():
            return f"{_text(node.node)}[...]"
        case _:
            return "(...)"
