"""Which contract classes a type speaks of, in mypy's terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mypy.nodes import TypeAlias, TypeInfo, Var
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    LiteralType,
    Overloaded,
    TupleType,
    Type,
    TypeAliasType,
    TypeType,
    TypeVarType,
    UnionType,
    get_proper_type,
)

REQUEST = "contracts.core.requests.Request"
_KINDS = {
    REQUEST: "request",
    "contracts.core.problems.Problem": "problem",
    "contracts.core.events.Event": "event",
    "pydantic.main.BaseModel": "value",
}
# What each message is, and no message itself: to dump one of these tells nothing of a contract.
_LANGUAGE = {
    "contracts.core._message.Message",
    "contracts.core.values.Value",
    "contracts.core.open_enum.OpenEnum",
    *list(_KINDS)[:3],
}


def kind_of(info: TypeInfo) -> str:
    """value, request, problem, event or enum for a class that a contract declares, else empty."""
    if not info.fullname.startswith("contracts.") or info.fullname in _LANGUAGE:
        return ""
    if info.is_enum:
        return "enum"
    return next((_KINDS[base.fullname] for base in info.mro if base.fullname in _KINDS), "")


def kinds_in(given: Type | None) -> Iterator[TypeInfo]:
    """The contract classes that a value of the type may have: those of a union, not those inside a
    list."""
    proper = get_proper_type(given)
    if isinstance(proper, Instance):
        if kind_of(proper.type):
            yield proper.type
    elif isinstance(proper, LiteralType):
        yield from kinds_in(proper.fallback)
    elif isinstance(proper, UnionType):
        for item in proper.items:
            yield from kinds_in(item)
    elif isinstance(proper, TypeVarType):
        yield from kinds_in(proper.upper_bound)


def kinds_inside(given: Type | None) -> Iterator[TypeInfo]:
    """The contract classes anywhere in the type, those in lists and the like too."""
    left: list[Type | None] = [given]
    aliases: set[TypeAlias | None] = set()  # one that speaks of itself has no end
    while left:
        one = left.pop()
        if isinstance(one, TypeAliasType):
            if one.alias in aliases:
                continue
            aliases.add(one.alias)
        proper = get_proper_type(one)
        if isinstance(proper, Instance):
            if kind_of(proper.type):
                yield proper.type
            left.extend(proper.args)
        elif isinstance(proper, LiteralType):
            left.append(proper.fallback)
        elif isinstance(proper, UnionType | TupleType):
            left.extend(proper.items)
        elif isinstance(proper, TypeVarType):
            left.append(proper.upper_bound)


def made_by(given: Type | None) -> TypeInfo | None:
    """The contract class that a call of this value makes: `Order`, `type(self)`, `Page[Order]`."""
    proper = get_proper_type(given)
    if isinstance(proper, Overloaded):
        proper = proper.items[0]
    if isinstance(proper, CallableType) and proper.is_type_obj():
        info = proper.type_object()
        return info if kind_of(info) else None
    if isinstance(proper, TypeType):
        return next(kinds_in(proper.item), None)
    return None


def is_opaque(given: Type | None) -> bool:
    """Whether the type says nothing: Any or object."""
    proper = get_proper_type(given)
    if isinstance(proper, UnionType):
        return any(is_opaque(item) for item in proper.items)
    return isinstance(proper, AnyType) or (
        isinstance(proper, Instance) and proper.type.fullname == "builtins.object"
    )


def fields_of(info: TypeInfo) -> Iterator[tuple[str, Var]]:
    """The fields that the class itself declares, or an enum's members."""
    for name, symbol in info.names.items():
        node = symbol.node
        if (
            isinstance(node, Var)
            and not name.startswith("_")
            and not node.is_classvar
            and not symbol.plugin_generated
            and (info.is_enum or not node.is_inferred)
            and name != "model_config"
        ):
            yield name, node


def is_field(info: TypeInfo, name: str) -> bool:
    """Whether an attribute is data rather than a method; one that is not there any more may have been."""
    symbol = info.get(name)
    return not name.startswith("__") and (symbol is None or isinstance(symbol.node, Var))


def names(infos: Iterable[TypeInfo]) -> tuple[str, ...]:
    """Their full names, each once."""
    return tuple(dict.fromkeys(info.fullname for info in infos))
