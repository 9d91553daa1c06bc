"""Fields that come and go, and what stands for an absent one (F01 to F06, F28, F29, F36)."""

from __future__ import annotations

import json

from tools.contracts.form.model import Choice, Default, Field
from tools.contracts.rules.change import Change, Found


def added(new: Field) -> Found:
    """A field that was not there."""
    if new.computed:
        yield Change(rule="F36", case="added", what="is computed and new", new=new)
    elif new.required:
        yield Change(rule="F02", what="is new and required", new=new)
    else:
        yield Change(rule="F01", what="is new, with a default", new=new)


def removed(old: Field) -> Found:
    """A field that is no longer there."""
    if old.computed:
        what = "was computed and is gone"
        yield Change(rule="F36", case="removed", what=what, old=old, removed=True)
    elif old.required:
        yield Change(rule="F04", what="was required and is gone", old=old, removed=True)
    else:
        yield Change(rule="F03", what="had a default and is gone", old=old, removed=True)


def presence(old: Field, new: Field) -> Found:
    """Whether the field may be absent, and what stands for it then."""
    was, is_ = old.default, new.default
    if was is None and is_ is not None:
        yield Change(
            rule="F06", what=f"was required and is {_said(is_)} when absent", old=old, new=new
        )
    elif was is not None and is_ is None:
        # Both ids describe it; null stood for nothing, any other value for itself.
        nothing = was.factory is None and was.value is None
        what = f"was {_said(was)} when absent and is required"
        yield Change(rule="F05" if nothing else "F29", what=what, old=old, new=new)
    elif was is not None and is_ is not None and was != is_ and not (_tag(old) and _tag(new)):
        what = f"was {_said(was)} when absent and is {_said(is_)}"
        yield Change(rule="F28", what=what, old=old, new=new)
    if was is not None and is_ is not None and old.validate_default != new.validate_default:
        what = (
            "its default is checked now"
            if new.validate_default
            else "its default is no longer checked"
        )
        yield Change(rule="F33", what=what, old=old, new=new)


def _tag(one: Field) -> bool:
    """Whether it has one value only, which is its default: the value is judged then."""
    return (
        one.default is not None
        and isinstance(one.type, Choice)
        and one.type.values == (one.default.value,)
    )


def _said(default: Default) -> str:
    if default.factory is not None:
        return "made by a function"
    said = json.dumps(default.value, ensure_ascii=False)
    return said if len(said) <= 40 else said[:37] + "..."
