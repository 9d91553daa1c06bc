"""What one file does with contracts: a walk over its syntax tree with the types that mypy found."""

from __future__ import annotations

from collections.abc import Mapping

from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    ComparisonExpr,
    Context,
    DictExpr,
    Expression,
    FuncDef,
    MatchStmt,
    MemberExpr,
    MypyFile,
    NameExpr,
    RefExpr,
    ReturnStmt,
    StrExpr,
    TryStmt,
    TypeInfo,
)
from mypy.patterns import ClassPattern, ValuePattern
from mypy.types import AnyType, CallableType, Type, get_proper_type

from tools.contracts.readers.code import text_of
from tools.contracts.readers.escaping import escapes
from tools.contracts.readers.kinds import (
    is_field,
    is_opaque,
    kind_of,
    kinds_in,
    kinds_inside,
    made_by,
    names,
)
from tools.contracts.readers.matching import classes_named, handled_by, member_of
from tools.contracts.readers.model import Kind, Match, Use, is_test
from tools.contracts.readers.syntax import inside

# Of a message, these give away all of its fields at once.
_WHOLE = {"model_dump", "model_dump_json", "model_fields_set", "__dict__", "dict", "json"}
_FROM_ANYTHING = {"model_validate", "model_validate_json", "model_construct"}
_TABLES = {"handled_by": {"request": Kind.SERVED, "event": Kind.HEARD}}


def walk(
    tree: MypyFile, types: Mapping[Expression, Type]
) -> tuple[tuple[Use, ...], tuple[Match, ...]]:
    """The uses and matches of a file, in the order of its lines."""
    walked = _Walk(tree.path, types)
    walked.visit(tree)
    return tuple(sorted(walked.uses, key=lambda use: use.line)), tuple(walked.matches)


class _Walk:
    def __init__(self, file: str, types: Mapping[Expression, Type]) -> None:
        self.file = file
        self.types = types
        self.uses: dict[Use, None] = {}  # a set that keeps the order
        self.matches: list[Match] = []
        self._compared: set[Expression] = set()
        self._callees: set[Expression] = set()
        self._within: dict[Expression, str] = {}  # a call's argument: the name of what is called
        self._answers: dict[str, str] = {}  # a local name: the request whose answer it holds
        self._returns: list[Type | None] = []

    def _note(self, at: Context, kind: Kind, owner: str, member: str, text: str) -> None:
        self.uses[Use(self.file, at.line, kind, owner, member, text)] = None

    def visit(self, node: Context) -> None:
        """Notes what the node does, then what is in it."""
        match node:
            case NameExpr():
                self._note_member(node)
                return
            case FuncDef():
                self._function(node)
                return
            case MemberExpr():
                self._attribute(node)
            case CallExpr():
                self._call(node)
            case AssignmentStmt():
                self._assignment(node)
            case ReturnStmt():
                self._return(node)
            case ComparisonExpr():
                self._comparison(node)
            case DictExpr():
                self._dict(node)
            case MatchStmt():
                self._match_statement(node)
            case ClassPattern():
                self._class_pattern(node)
            case ValuePattern():
                self._compare(node.expr)
            case TryStmt():
                self._try(node)
        for child in inside(node):
            self.visit(child)

    # What is read

    def _attribute(self, o: MemberExpr) -> None:
        if self._note_member(o) or isinstance(o.node, TypeInfo):
            return
        given = self.types.get(o.expr)
        for info in kinds_in(given):
            if o.name in _WHOLE or (kind_of(info) == "problem" and o.name == "fields"):
                self._note(o, Kind.UNKNOWN, info.fullname, "", text_of(o) + "()")
            elif info.is_enum:
                self._note(o, Kind.READ, info.fullname, "", text_of(o))
            elif is_field(info, o.name):
                self._note(o, Kind.READ, info.fullname, o.name, text_of(o))
        # Of what has no type; a method of it is no field, and what a test asks of it no service does.
        called = o in self._callees or o.name.startswith("__") or is_test(self.file)
        if isinstance(get_proper_type(given), AnyType) and not called:
            self._note(o, Kind.UNKNOWN, "", o.name, text_of(o))

    def _note_member(self, o: RefExpr) -> bool:
        if member := member_of(o):
            kind = Kind.MATCHED if o in self._compared else Kind.WRITTEN
            self._note(o, kind, member[0].fullname, member[1], text_of(o))
        return member is not None

    # What is compared

    def _comparison(self, o: ComparisonExpr) -> None:
        for operand in o.operands:
            self._compare(operand)

    def _class_pattern(self, o: ClassPattern) -> None:
        info = o.class_ref.node
        if isinstance(info, TypeInfo) and kind_of(info):
            self._note(o, Kind.MATCHED, info.fullname, "", text_of(o))
            for name, pattern in zip(o.keyword_keys, o.keyword_values, strict=True):
                self._note(pattern, Kind.READ, info.fullname, name, f"{text_of(o)}({name}=...)")

    def _match_statement(self, o: MatchStmt) -> None:
        handled, otherwise = handled_by(o)
        self._match(o, o.subject, handled, otherwise)

    def _try(self, o: TryStmt) -> None:
        for caught in o.types:
            for ref, info in classes_named(caught) if caught else ():
                self._note(ref, Kind.MATCHED, info.fullname, "", f"except {text_of(ref)}")

    def _dict(self, o: DictExpr) -> None:
        members = [member for key, _ in o.items if key and (member := member_of(key))]
        if members:
            self._compared.update(key for key, _ in o.items if key)
            owners = names(info for info, _ in members)
            handled = tuple(f"{info.fullname}.{name}" for info, name in members)
            self.matches.append(Match(self.file, o.line, owners, "", handled, False))
        given = get_proper_type(self.types.get(o))
        if given is not None and any(is_opaque(kind) for kind in getattr(given, "args", ())):
            for key, value in o.items:
                name = key.value if isinstance(key, StrExpr) else ""
                self._escape(value, f"{name}={text_of(value)}")

    def _compare(self, node: Expression) -> None:
        self._compared.add(node)
        self._compared.update(getattr(node, "items", ()))  # `in (A, B)`

    def _match(
        self, at: Context, subject: Expression, handled: tuple[str, ...], otherwise: bool
    ) -> None:
        kinds = names(kinds_in(self.types.get(subject)))
        if kinds and (handled or otherwise):
            operation = self._answer_of(subject)
            self.matches.append(Match(self.file, at.line, kinds, operation, handled, otherwise))

    def _answer_of(self, node: Expression) -> str:
        """The request whose answer the expression is, where that is in sight."""
        if isinstance(node, CallExpr):
            asked = (info for given in node.args for info in kinds_in(self.types.get(given)))
            return next((info.fullname for info in asked if kind_of(info) == "request"), "")
        return self._answers.get(node.name, "") if isinstance(node, NameExpr) else ""

    # What is made, sent, served, or given away

    def _call(self, o: CallExpr) -> None:
        self._callees.add(o.callee)
        for argument in o.args:
            self._within[argument] = getattr(o.callee, "name", "")
        made = made_by(self.types.get(o.callee))
        if made is not None:
            self._made(o, made)
        elif isinstance(o.callee, MemberExpr):
            self._called(o, o.callee)
        elif isinstance(o.callee, RefExpr):
            self._called_builtin(o, o.callee.fullname)
        for name, info in escapes(o, self.types):
            said = f"{name}=" if name else ""
            self._note(o, Kind.UNKNOWN, info.fullname, "", f"{text_of(o.callee)}({said}...)")

    def _made(self, o: CallExpr, made: TypeInfo) -> None:
        text = text_of(o.callee)
        if made.is_enum:
            # From another enum: a value that this one doesn't have is an error.
            for info in (info for given in o.args for info in kinds_in(self.types.get(given))):
                if info.is_enum:
                    self._note(o, Kind.MATCHED, info.fullname, "", text_of(o))
            return
        if kind_of(made) == "request":
            within = self._within.get(o)
            said = f"{within}({text})" if within else text
            self._note(o, Kind.SENT, made.fullname, "", said)
        else:
            self._note(o, Kind.WRITTEN, made.fullname, "", text)
        for name, argument in zip(o.arg_names, o.args, strict=True):
            if name:
                self._note(argument, Kind.WRITTEN, made.fullname, name, f"{text}({name}=...)")
        if any(kind.is_star() for kind in o.arg_kinds):
            self._note(o, Kind.UNKNOWN, made.fullname, "", f"{text}(**...)")

    def _called(self, o: CallExpr, callee: MemberExpr) -> None:
        node = callee.expr.node if isinstance(callee.expr, RefExpr) else None
        if isinstance(node, TypeInfo) and kind_of(node):
            if kind := _TABLES.get(callee.name, {}).get(kind_of(node)):
                handler = text_of(o.args[0]) if o.args else ""
                self._note(o, kind, node.fullname, "", handler)
            elif callee.name in _FROM_ANYTHING:
                self._note(o, Kind.UNKNOWN, node.fullname, "", text_of(callee) + "()")
        if callee.name == "model_copy":
            for info in kinds_in(self.types.get(callee.expr)):
                self._copied(o, info)

    def _copied(self, o: CallExpr, info: TypeInfo) -> None:
        for name, argument in zip(o.arg_names, o.args, strict=True):
            if name == "update" and isinstance(argument, DictExpr):
                for key, _ in argument.items:
                    if isinstance(key, StrExpr):
                        text = f"{text_of(o.callee)}({key.value}=...)"
                        self._note(key, Kind.WRITTEN, info.fullname, key.value, text)
            elif name == "update":
                self._note(o, Kind.UNKNOWN, info.fullname, "", text_of(o))

    def _called_builtin(self, o: CallExpr, callee: str) -> None:
        if callee == "builtins.isinstance" and len(o.args) == 2:
            found = list(classes_named(o.args[1]))
            for ref, info in found:
                self._note(ref, Kind.MATCHED, info.fullname, "", f"isinstance {text_of(ref)}")
            self._match(o, o.args[0], names(info for _, info in found), False)
        elif callee == "builtins.getattr" and len(o.args) > 1:
            name = o.args[1]
            for info in kinds_in(self.types.get(o.args[0])):
                member = name.value if isinstance(name, StrExpr) else ""
                kind = Kind.READ if member else Kind.UNKNOWN
                self._note(o, kind, info.fullname, member, text_of(o))

    def _escape(self, node: Expression, text: str) -> None:
        for info in kinds_inside(self.types.get(node)):
            if not info.is_enum:
                self._note(node, Kind.UNKNOWN, info.fullname, "", text)

    def _assignment(self, o: AssignmentStmt) -> None:
        if o.type is not None and is_opaque(o.type):
            self._escape(o.rvalue, text_of(o.rvalue))
        asked = self._answer_of(o.rvalue)
        for target in o.lvalues:
            if isinstance(target, NameExpr):
                self._answers[target.name] = asked

    def _return(self, o: ReturnStmt) -> None:
        if o.expr is not None and self._returns and is_opaque(self._returns[-1]):
            self._escape(o.expr, f"return {text_of(o.expr)}")

    def _function(self, o: FuncDef) -> None:
        kind = get_proper_type(o.type)
        self._returns.append(kind.ret_type if isinstance(kind, CallableType) else None)
        answers, self._answers = self._answers, {}
        for node in inside(o):
            self.visit(node)
        self._answers = answers
        self._returns.pop()
