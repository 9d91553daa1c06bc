"""Texts, numbers and moments: whether one kind holds the other (F11 to F15b), and how each is read and
written."""

from __future__ import annotations

from collections.abc import Mapping

from tools.contracts.form.model import Json, Scalar
from tools.contracts.rules.change import Change, Found
from tools.contracts.rules.constraints import constraints
from tools.contracts.rules.spelling import spelt

# On the wire each of these is a text that a str reads.
_TEXTUAL = frozenset({"uuid", "url", "datetime", "date", "time", "decimal"})


def scalars(old: Scalar, new: Scalar) -> Found:
    """What changed between two scalars."""
    if _secret(old) != _secret(new):
        what = "is now written as stars" if _secret(new) else "is no longer written as stars"
        yield Change(rule="F34", what=what, old=old, new=new)
    rule, case = relation(old, new)
    if rule:
        what = f"was {spelt(old)} and is {spelt(new)}"
        yield Change(rule=rule, case=case, what=what, old=old, new=new)
    if rule in ("F13", "F15a"):
        return
    implied = _IMPLIED.get((rule, case))
    for change in constraints(old, new):
        if not (isinstance(change, Change) and change.rule == implied and not change.case):
            yield change
    yield from _reading(old, new)
    yield from _writing(old, new)


# A wider kind admits more anyway, a narrower one less: that side is said already.
_IMPLIED = {
    ("F11", ""): "F27",
    ("F12", ""): "F26",
    ("F14", "to"): "F27",
    ("F14", "back"): "F26",
    ("F15", ""): "F26",
    ("F15b", ""): "F27",
}


def relation(old: Scalar, new: Scalar) -> tuple[str, str]:
    """The rule for the two kinds, and the row of its table; empty when they are one on the wire."""
    if {old.kind, new.kind} == {"str", _SECRET}:
        return "", ""
    if old.kind == new.kind or {old.kind, new.kind} == {"str", "bytes"}:
        if "bytes" in (old.kind, new.kind):
            return _bytes(old, new), ""
        return _zones(old, new) if old.kind == "datetime" else "", ""
    if {old.kind, new.kind} == {"date", "datetime"}:
        return _dates(old, new), ""
    if (old.kind, new.kind) == ("int", "float"):
        return "F11", ""
    if (old.kind, new.kind) == ("float", "int"):
        return "F12", ""
    if new.kind == "decimal" and old.kind in ("int", "float"):
        return "F14", "to"
    if old.kind == "decimal" and new.kind in ("int", "float"):
        return "F14", "back"
    if new.kind == "str" and _is_text(old):
        return "F11", ""
    if old.kind == "str" and _is_text(new):
        return "F12", ""
    return "F13", ""


# A text that is never shown, not even to whom it is answered.
_SECRET = "string:password"


def _secret(one: Scalar) -> bool:
    return one.kind == _SECRET


def _is_text(one: Scalar) -> bool:
    if one.kind == "timedelta":
        iso = bool(one.writing.get("ser_json_timedelta", "iso8601") == "iso8601")
        return iso and not _epoch(one)
    if one.kind in ("datetime", "date", "time"):
        return not _epoch(one)
    return one.kind in _TEXTUAL or one.kind.startswith("string:")


def _epoch(one: Scalar) -> bool:
    """Whether moments are written as a number."""
    return bool(one.writing.get("ser_json_temporal", "iso8601") != "iso8601")


def _bytes(old: Scalar, new: Scalar) -> str:
    """Bytes are text on the wire, unless one side reads or writes them in an encoding of its own."""
    return "F13" if old.reading.get("val_json_bytes") != new.reading.get("val_json_bytes") else ""


def _zones(old: Scalar, new: Scalar) -> str:
    was, is_ = _zone(old), _zone(new)
    if was == is_:
        return ""
    if was is None:
        return "F15"
    if is_ is None:
        return "F15b"
    return "F15a" if "naive" in (was, is_) else ""


def _zone(one: Scalar) -> Json:
    zone = one.constraints.get("tz")
    # A certain offset is an aware moment too, within a constraint.
    return "aware" if isinstance(zone, int) else zone


def _dates(old: Scalar, new: Scalar) -> str:
    if "aware" in (_zone(old), _zone(new)):
        return "F13"  # a bare date has no offset, so neither reads the other
    return "F15" if old.kind == "datetime" else "F15b"


def _reading(old: Scalar, new: Scalar) -> Found:
    for name in sorted(set(old.reading) | set(new.reading)):
        was, is_ = old.reading.get(name), new.reading.get(name)
        if was == is_ or name in ("val_json_bytes", "strict"):
            continue
        what = f"{_option(name)} when it is read: {_value(was)} before, now {_value(is_)}"
        if name == "inf_nan" and isinstance(was, bool | None) and isinstance(is_, bool | None):
            # The language refuses them, so what isn't said is no.
            if bool(was) != bool(is_):
                yield Change(rule="F27" if is_ else "F26", what=what, old=old, new=new)
        else:
            yield Change(rule="F33", what=what, old=old, new=new)
    if isinstance(old.constraints.get("tz"), int) or isinstance(new.constraints.get("tz"), int):
        yield from _offsets(old, new)


def _offsets(old: Scalar, new: Scalar) -> Found:
    was, is_ = old.constraints.get("tz"), new.constraints.get("tz")
    if was == is_ or _zone(old) != _zone(new):
        return
    what = f"had the offset {was} and has {is_}"
    if isinstance(is_, int):
        yield Change(rule="F26", what=what, old=old, new=new)
    if isinstance(was, int):
        yield Change(rule="F27", what=what, old=old, new=new)


def _writing(old: Scalar, new: Scalar) -> Found:
    if _plain(old.writing) != _plain(new.writing):
        names = sorted(
            n for n in {*old.writing, *new.writing} if old.writing.get(n) != new.writing.get(n)
        )
        what = f"is written otherwise ({', '.join(names)})"
        yield Change(rule="F34", what=what, old=old, new=new)


def _plain(said: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: value for name, value in said.items() if value is not None}


def _option(name: str) -> str:
    return {"strip": "blanks are stripped", "lower": "made lower", "upper": "made upper"}.get(
        name, name
    )


def _value(said: Json) -> str:
    return {None: "no", True: "yes", False: "no"}.get(said, str(said))
