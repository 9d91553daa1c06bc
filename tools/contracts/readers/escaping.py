"""Where a contract's value leaves the types: it is given to something that takes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mypy.argmap import map_actuals_to_formals
from mypy.nodes import CallExpr, Expression, MemberExpr, RefExpr, StrExpr, TypeInfo
from mypy.types import AnyType, CallableType, Overloaded, Type, get_proper_type

from tools.contracts.readers.kinds import is_opaque, kinds_inside, made_by

# They take an object, and read no field of it.
_HARMLESS = {
    f"builtins.{name}"
    for name in (
        *(
            "isinstance",
            "issubclass",
            "len",
            "repr",
            "str",
            "format",
            "print",
            "bool",
            "hash",
            "id",
        ),
        *("iter", "type", "getattr", "hasattr"),
    )
} | {"typing.assert_never", "typing.assert_type"}


def escapes(call: CallExpr, types: Mapping[Expression, Type]) -> Iterator[tuple[str, TypeInfo]]:
    """The contract classes of arguments that the callee takes as `object` or Any, each with the name
    of the argument."""
    if _is_harmless(call) or made_by(types.get(call.callee)):
        return
    callee = get_proper_type(types.get(call.callee))
    if isinstance(callee, Overloaded):
        callee = callee.items[-1]
    formals = _formals(call, callee, types) if isinstance(callee, CallableType) else {}
    for number, argument in enumerate(call.args):
        formal = formals.get(number, callee if isinstance(callee, AnyType) else None)
        if is_opaque(formal):
            name = call.arg_names[number] or ""
            for info in kinds_inside(types.get(argument)):
                if not info.is_enum:
                    yield name, info


def _formals(
    call: CallExpr, callee: CallableType, types: Mapping[Expression, Type]
) -> dict[int, Type]:
    """For the position of each argument the type that it is taken as."""
    anything: Type = callee.fallback
    mapped = map_actuals_to_formals(
        call.arg_kinds,
        call.arg_names,
        callee.arg_kinds,
        callee.arg_names,
        lambda number: types.get(call.args[number], anything),
    )
    return {
        number: callee.arg_types[formal]
        for formal, numbers in enumerate(mapped)
        for number in numbers
    }


def _is_harmless(call: CallExpr) -> bool:
    callee = call.callee
    if isinstance(callee, MemberExpr) and isinstance(callee.expr, StrExpr):
        return True  # "{}".format(), which an f-string is
    return isinstance(callee, RefExpr) and callee.fullname in _HARMLESS
