"""Strictness, validators and serializers: what no schema shows (F32 to F34)."""

from __future__ import annotations

import json

from tools.contracts.form.model import Check, Model, Nullable, Type, Writer
from tools.contracts.rules.change import Change, Found
from tools.contracts.rules.spelling import bare


def functions(old: Type | Model, new: Type | Model) -> Found:
    """What changed around a type or a model."""
    was, is_ = _strict(old), _strict(new)
    if was != is_ and not _of_library(old, new):
        what = "is now read strictly" if is_ else "is no longer read strictly"
        yield Change(rule="F32", case="on" if is_ else "off", what=what, old=old, new=new)
    if _checks(old) != _checks(new):
        yield Change(rule="F33", what=_checked(_all(old), _all(new)), old=old, new=new)
    yield from _writers(old, new)


def _writers(old: Type | Model, new: Type | Model) -> Found:
    was, is_ = _writer(old), _writer(new)
    if was == is_:
        return
    if was is None and is_ is not None:
        what = f"is now written by {is_.name or 'a serializer'}"
    elif is_ is None and was is not None:
        what = f"is no longer written by {was.name or 'a serializer'}"
    else:
        what = f"its serializer {is_.name if is_ else ''} changed".replace("  ", " ")
    case = "equal" if _agree(was, is_) else ""
    yield Change(rule="F34", case=case, what=what, old=old, new=new)


def _agree(old: Writer | None, new: Writer | None) -> bool:
    """Whether both write each golden sample alike; without samples nobody knows."""
    was, is_ = _written(old), _written(new)
    if not was and not is_:
        return False
    if old is not None and new is not None:
        return was.keys() == is_.keys() and was == is_
    return all(value == written for value, written in (was or is_).items())


def _written(writer: Writer | None) -> dict[str, str]:
    if writer is None:
        return {}
    return {
        json.dumps(sample.value, sort_keys=True): json.dumps(sample.written, sort_keys=True)
        for sample in writer.samples
    }


def _of_library(old: Type | Model, new: Type | Model) -> bool:
    """Whether one is a text of a library's own, which is as strict as the library made it."""
    kinds = {getattr(bare(one), "kind", "") for one in (old, new)}
    return len(kinds) > 1 and any(kind.startswith("string:") for kind in kinds)


def _strict(one: Type | Model) -> bool:
    return one.strict or (isinstance(one, Nullable) and _strict(one.inner))


def _all(one: Type | Model) -> tuple[Check, ...]:
    return (*one.checks, *(_all(one.inner) if isinstance(one, Nullable) else ()))


def _checks(one: Type | Model) -> tuple[tuple[str, str], ...]:
    return tuple((check.mode, check.fingerprint) for check in _all(one))


def _writer(one: Type | Model) -> Writer | None:
    return one.writer or (_writer(one.inner) if isinstance(one, Nullable) else None)


def _checked(old: tuple[Check, ...], new: tuple[Check, ...]) -> str:
    was, is_ = {c.fingerprint: c for c in old}, {c.fingerprint: c for c in new}
    added = [c.name or c.mode for f, c in is_.items() if f not in was]
    gone = [c.name or c.mode for f, c in was.items() if f not in is_]
    if added and gone:
        return f"its check changed ({', '.join(dict.fromkeys([*gone, *added]))})"
    if added:
        return f"is now checked by {', '.join(added)}"
    return (
        f"is no longer checked by {', '.join(gone)}" if gone else "its checks are in another order"
    )
