"""Golden samples: what a serializer makes of values that follow from the type alone.

Two serializers of different text that write the same samples are taken to write the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaSerializer, SchemaValidator, to_json, to_jsonable_python

from tools.contracts.form import model

if TYPE_CHECKING:
    from tools.contracts.form.reader import Reader

# Of each kind the empty, the plain, the negative, the long and the odd one.
_VALUES: dict[str, tuple[Any, ...]] = {
    "str": ("", "a", "Two Words", " ä€ ", "2026-01-31", "12.50"),
    "int": (0, 1, -1, 7, 1250, 10**12),
    "float": (0.0, 1.0, -1.5, 1250.125, 1e12),
    "decimal": ("0", "1", "-1.5", "1250.125", "12.50"),
    "bool": (True, False),
    "bytes": ("", "a", "Two Words", "YQ=="),
    "date": ("2026-01-31", "1999-12-31"),
    "time": ("00:00:00", "23:59:59.5"),
    "timedelta": ("PT0S", "PT90S", "P3DT4H", "-PT1.5S"),
    "datetime": (
        "2026-01-31T08:00:00Z",
        "2026-06-30T23:59:59.123456+02:00",
        "2026-01-31T08:00:00",
    ),
    "uuid": ("00000000-0000-4000-8000-000000000000", "6b5f2d1e-9c3a-4f0b-8e7d-1a2b3c4d5e6f"),
    "url": ("https://example.com/", "https://example.com/a?b=c#d"),
}
_MOST = 8


def values(kind: model.Type) -> Iterator[Any]:
    """Some values of the type, as they are read; a constraint or a validator may refuse them."""
    match kind:
        case model.Scalar(kind=name, constraints=said):
            yield from _VALUES.get(name, ("a",))
            yield from (said[bound] for bound in ("ge", "le") if bound in said)
        case model.Choice(values=known):
            yield from known
        case model.Nullable(inner=inner):
            yield None
            yield from values(inner)
        case model.Many(items=items):
            some = list(values(items))[:3]
            yield from ([], some[:1], some)
        case model.Fixed(places=places):
            yield [next(values(one), None) for one in places]
        case model.Dict(keys=keys, values=inner):
            yield {}
            yield {str(next(values(keys), "a")): next(values(inner), None)}
        case model.Union(variants=variants):
            for variant in variants:
                yield from list(values(variant.type))[:2]
        case model.Free():
            yield from ({}, {"a": 1, "b": [None, "c"]})


def node_samples(node: Any, kind: model.Type, reader: Reader) -> tuple[model.Sample, ...]:
    """Those of a serializer that stands on a type."""
    if node["serialization"].get("is_field_serializer"):
        return ()  # it asks for its model: field_samples
    return _written(node, kind, reader, _writer(node, reader))


def field_samples(
    cls: Any, name: str, node: Any, kind: model.Type, reader: Reader
) -> tuple[model.Sample, ...]:
    """Those of a serializer that is a method of the model."""

    def write(value: Any) -> Any:
        alone = cls.model_construct(**{name: value})
        written = cls.__pydantic_serializer__.to_python(
            alone, mode="json", include={name}, by_alias=False, warnings=False
        )
        return written[name]

    return _written(node, kind, reader, write)


def model_samples(cls: Any, said: model.Model) -> tuple[model.Sample, ...]:
    """Those of a serializer of the whole model: its first values, and its second ones."""
    found = []
    for turn in range(3):
        given = {}
        for field in said.fields:
            if field.reads and (some := list(values(field.type))):
                given[field.reads[0]] = some[min(turn + 1, len(some) - 1)]
        try:
            read = cls.__pydantic_validator__.validate_python(given, by_alias=True, by_name=False)
            written = _twice(
                lambda value: cls.__pydantic_serializer__.to_python(
                    value, mode="json", by_alias=True
                ),
                read,
            )
        except Exception:  # a value that this model refuses is no sample
            continue
        found.append(model.Sample(value=given, written=written))
    return tuple(found)


def _written(
    node: Any, kind: model.Type, reader: Reader, write: Callable[[Any], Any]
) -> tuple[model.Sample, ...]:
    found: list[model.Sample] = []
    read = SchemaValidator(reader.closed(node), _config(reader))
    for value in values(kind):
        try:
            given = read.validate_json(to_json(value))
            written = _twice(write, given)
        except Exception:  # a value that this type refuses is no sample
            continue
        found.append(model.Sample(value=value, written=written))
        if len(found) == _MOST:
            break
    return tuple(found)


def _twice(write: Callable[[Any], Any], value: Any) -> Any:
    """What it writes, if it writes that each time: one that looks at the clock has no samples."""
    once, again = (to_jsonable_python(write(value)) for _ in range(2))
    if once != again:
        raise ValueError("it is written otherwise each time")
    return once


def _writer(node: Any, reader: Reader) -> Callable[[Any], Any]:
    serializer = SchemaSerializer(reader.closed(node), _config(reader))
    return lambda value: serializer.to_python(value, mode="json", warnings=False)


def _config(reader: Reader) -> Any:
    return dict(reader.config)
