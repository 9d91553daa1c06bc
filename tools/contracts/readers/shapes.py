"""The classes that a page of a contract declares, from mypy's symbols."""

from __future__ import annotations

from collections.abc import Iterator

from mypy.nodes import MypyFile, TypeInfo
from mypy.types import Instance, UnionType, get_proper_type

from tools.contracts.readers.kinds import REQUEST, fields_of, kind_of, kinds_inside, names
from tools.contracts.readers.model import Shape


def shapes_of(tree: MypyFile) -> Iterator[Shape]:
    """The contract classes declared in the file."""
    for symbol in tree.names.values():
        info = symbol.node
        if isinstance(info, TypeInfo) and info.module_name == tree.fullname and kind_of(info):
            callers, answers, problems = _ends(info)
            yield Shape(
                name=info.fullname,
                kind=kind_of(info),
                file=tree.path,
                line=info.line,
                bases=tuple(base.fullname for base in info.mro[1:] if kind_of(base)),
                members={
                    name: () if info.is_enum else names(kinds_inside(node.type))
                    for name, node in fields_of(info)
                },
                answers=answers,
                problems=problems,
                callers=callers,
            )


def _ends(info: TypeInfo) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Who may ask, the classes of the answer, and the problems, of `Request[Caller, Answer, Problems]`."""
    for base in (given for one in info.mro for given in one.bases):
        if base.type.fullname == REQUEST and isinstance(base, Instance) and len(base.args) == 3:
            caller = get_proper_type(base.args[0])
            callers = caller.items if isinstance(caller, UnionType) else [caller]
            return (
                tuple(
                    one.type.name
                    for one in map(get_proper_type, callers)
                    if isinstance(one, Instance)
                ),
                names(kinds_inside(base.args[1])),
                names(kinds_inside(base.args[2])),
            )
    return (), (), ()
