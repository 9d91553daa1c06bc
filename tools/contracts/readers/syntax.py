"""What is inside a node of mypy's syntax trees. Its own traversal is compiled, and can't be derived from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mypy import nodes, patterns

INSIDE: dict[type, tuple[str, ...]] = {
    nodes.MypyFile: ("defs",),
    nodes.Block: ("body",),
    # Definitions
    nodes.FuncDef: ("arguments", "body"),
    nodes.LambdaExpr: ("arguments", "body"),
    nodes.Argument: ("initializer",),
    nodes.OverloadedFuncDef: ("items", "impl"),
    nodes.Decorator: ("decorators", "func"),
    nodes.ClassDef: ("decorators", "base_type_exprs", "defs"),
    # Statements
    nodes.AssertStmt: ("expr", "msg"),
    nodes.AssignmentStmt: ("rvalue", "lvalues"),
    nodes.DelStmt: ("expr",),
    nodes.ExpressionStmt: ("expr",),
    nodes.ForStmt: ("expr", "index", "body", "else_body"),
    nodes.IfStmt: ("expr", "body", "else_body"),
    nodes.MatchStmt: ("subject", "patterns", "guards", "bodies"),
    nodes.OperatorAssignmentStmt: ("rvalue", "lvalue"),
    nodes.RaiseStmt: ("expr", "from_expr"),
    nodes.ReturnStmt: ("expr",),
    nodes.TryStmt: ("body", "types", "handlers", "else_body", "finally_body"),
    nodes.WhileStmt: ("expr", "body", "else_body"),
    nodes.WithStmt: ("expr", "target", "body"),
    # Expressions
    nodes.AssignmentExpr: ("target", "value"),
    nodes.AssertTypeExpr: ("expr",),
    nodes.AwaitExpr: ("expr",),
    nodes.CallExpr: ("callee", "args"),
    nodes.CastExpr: ("expr",),
    nodes.ComparisonExpr: ("operands",),
    nodes.ConditionalExpr: ("cond", "if_expr", "else_expr"),
    nodes.DictExpr: ("items",),
    nodes.DictionaryComprehension: ("sequences", "indices", "condlists", "key", "value"),
    nodes.GeneratorExpr: ("sequences", "indices", "condlists", "left_expr"),
    nodes.IndexExpr: ("base", "index"),
    nodes.ListComprehension: ("generator",),
    nodes.ListExpr: ("items",),
    nodes.MemberExpr: ("expr",),
    nodes.OpExpr: ("left", "right"),
    nodes.RevealExpr: ("expr",),
    nodes.SetComprehension: ("generator",),
    nodes.SetExpr: ("items",),
    nodes.SliceExpr: ("begin_index", "end_index", "stride"),
    nodes.StarExpr: ("expr",),
    nodes.SuperExpr: ("call",),
    nodes.TemplateStrExpr: ("items",),
    nodes.TupleExpr: ("items",),
    nodes.UnaryExpr: ("expr",),
    nodes.YieldExpr: ("expr",),
    nodes.YieldFromExpr: ("expr",),
    # Patterns
    patterns.AsPattern: ("pattern", "name"),
    patterns.ClassPattern: ("class_ref", "positionals", "keyword_values"),
    patterns.MappingPattern: ("keys", "values", "rest"),
    patterns.OrPattern: ("patterns",),
    patterns.SequencePattern: ("patterns",),
    patterns.StarredPattern: ("capture",),
    patterns.ValuePattern: ("expr",),
}
# What holds no code, or only types; and what the analysis puts in the place of a call.
LEAVES: frozenset[str] = frozenset(
    "BreakStmt ContinueStmt PassStmt GlobalDecl NonlocalDecl Import ImportFrom ImportAll ImportBase "
    "TypeAliasStmt BytesExpr ComplexExpr EllipsisExpr FloatExpr IntExpr NameExpr StrExpr SingletonPattern "
    "TypeApplication TypeFormExpr TypeAliasExpr TypeVarExpr TypeVarTupleExpr ParamSpecExpr "
    "TypeVarLikeExpr NamedTupleExpr TypedDictExpr EnumCallExpr NewTypeExpr PromoteExpr TempNode "
    "RefExpr Statement Expression Pattern FakeExpression".split()
)


def inside(node: nodes.Context) -> Iterator[nodes.Context]:
    """The nodes right inside this one, in the order of the program."""
    for name in INSIDE.get(type(node), ()):
        yield from _flat(getattr(node, name))


def _flat(given: Any) -> Iterator[nodes.Context]:
    if isinstance(given, list | tuple):
        for one in given:
            yield from _flat(one)
    elif isinstance(given, nodes.Context):
        yield given
