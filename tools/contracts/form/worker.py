"""A process that has imported one tree's contracts, with that tree's own language, and nothing else of it.

It reads a question a line and answers a line, JSON both ways; `tree.py` asks.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tools.contracts.form.model import Page
from tools.contracts.form.record import with_classes
from tools.contracts.form.text import encode


def main(root: Path) -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a page that prints while it is imported must not answer for us
    # Not sys.path alone: `contracts` is a namespace, and ours would be found in it too.
    contracts = ModuleType("contracts")
    contracts.__path__ = [str(root / "contracts")]
    sys.modules["contracts"] = contracts
    taken: dict[str, tuple[Page, dict[str, type]]] = {}
    for line in sys.stdin:
        said = _answer(root, json.loads(line), taken)
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def _answer(
    root: Path, asked: dict[str, Any], taken: dict[str, tuple[Page, dict[str, type]]]
) -> Any:
    name = asked["module"]
    try:
        if name not in taken:
            taken[name] = with_classes(importlib.import_module(name))
    except Exception as error:
        return {"broken": _broken(root, name, error)}
    page, found = taken[name]
    if asked["do"] == "record":
        return {"page": encode(page)}
    cls = found.get(asked["model"])
    if cls is None:
        return {"refused": f"{name} has no {asked['model']}"}
    return made_of(cls, asked["direction"], asked["text"])


def made_of(cls: type, direction: str, text: str) -> dict[str, Any]:
    """What the model makes of a payload: `accepted` with what it writes again, or `refused` and why."""
    try:
        return {"accepted": _READERS[direction](cls, text)}
    except ValidationError as error:
        return {"refused": _why(error)}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}".partition("\n")[0]}


def _broken(root: Path, module: str, error: BaseException) -> dict[str, Any]:
    """Where in the tree the import failed, and the first line of why."""
    path = module.replace(".", "/") + ".py"
    line = 1
    if isinstance(error, SyntaxError) and error.filename:
        path, line = _within(root, error.filename) or path, error.lineno or 1
    else:
        frames = [
            (inside, frame.lineno or 1)
            for frame in traceback.extract_tb(error.__traceback__)
            if (inside := _within(root, frame.filename))
        ]
        # The language says what is wrong with a page; the place is in the page.
        outside = [one for one in frames if not one[0].startswith("contracts/core/")]
        if outside or frames:
            path, line = (outside or frames)[-1]
    sentence = str(error).strip().partition("\n")[0] or type(error).__name__
    if isinstance(error, SyntaxError):
        sentence = error.msg
    return {"file": path, "line": line, "sentence": sentence, "kind": type(error).__name__}


def _within(root: Path, file: str) -> str | None:
    try:
        return Path(file).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return None


def _request(cls: Any, text: str) -> Any:
    """As the server reads what a client sent."""
    operation = vars(cls).get("__operation__")
    if operation is None:
        read = cls.__pydantic_validator__.validate_json(
            text, **_STRICT, extra="forbid", context="request"
        )
        return _sent(cls, read)
    said: Any = json.loads(text)
    wire = operation.wire
    in_path = {name: said.pop(wire.written[name], None) for name in wire.placeholders}
    query: list[tuple[str, str]] = []
    body = b""
    if wire.body:
        body = json.dumps(said).encode()
    else:
        query = [(name, _as_text(one)) for name, value in said.items() for one in _each(value)]
    try:
        read = wire.read({name: _as_text(value) for name, value in in_path.items()}, query, body)
    except Exception as error:
        problem: Any = error
        wrong = [
            f"{one.pointer or one.location}: {one.message}"
            for one in getattr(problem, "errors", ())
        ]
        raise ValueError("; ".join(wrong[:3]) or str(error)) from error
    return _sent(cls, read)


def _sent(cls: Any, read: Any) -> Any:
    return cls.__pydantic_serializer__.to_python(
        read,
        mode="json",
        by_alias=True,
        exclude_unset=True,
        exclude_computed_fields=True,
        warnings=False,
    )


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _answered(cls: Any, text: str) -> Any:
    """As a client reads what the server wrote, and a consumer what a publisher did."""
    return _written(cls, cls.__pydantic_validator__.validate_json(text, **_STRICT))


def _refused(cls: Any, text: str) -> Any:
    """As a client reads a problem: leniently, and by the same names."""
    return _written(cls, TypeAdapter(cls).validate_json(text))


def _written(cls: Any, read: Any) -> Any:
    return cls.__pydantic_serializer__.to_python(read, mode="json", by_alias=True, warnings=False)


_STRICT: dict[str, Any] = {"strict": True, "by_alias": True, "by_name": False}
_READERS = {"request": _request, "answer": _answered, "event": _answered, "problem": _refused}


def _why(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'/'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults[:3]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
