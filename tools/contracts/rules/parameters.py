"""Where a request's fields travel, and what that makes of a change (O04 to O06)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from tools.contracts.form.model import Model, Operation, Page
from tools.contracts.rules.change import Change
from tools.contracts.rules.operations import Said, pairs

_PRESENCE = frozenset({"F01", "F02", "F03", "F04"})
_NAMES = frozenset({"F09", "F09a", "F10"})


class Requests:
    """The request classes of both forms, by the pair of their models."""

    def __init__(self, old: Page, new: Page) -> None:
        both = pairs(old, new)
        self._pairs = {(was.model, is_.model): (was, is_) for was, is_ in both}
        self._bodies = {is_.name: (was, is_) for was, is_ in both}
        self._old = {one.name: one for one in old.models}
        self._new = {one.name: one for one in new.models}
        # What a path calls its places is nothing to those who ask.
        self.renamed: Mapping[tuple[str, str], Mapping[str, str]] = {
            pair: _by_place(was, is_) for pair, (was, is_) in self._pairs.items()
        }

    def reads(self, pair: tuple[str, str], change: Change) -> Change | None:
        """The change as it is to be judged in a request; None where another rule speaks of it."""
        both = self._pairs.get(pair)
        name = (re.match(r"\w+", change.path) or [""])[0]
        if both is None or not name:
            return change
        was, is_ = both
        if name in is_.in_path or name in was.in_path:
            # That the path has changed is said, and what it calls its places is nothing to a caller.
            return None if change.rule in _PRESENCE | _NAMES else change
        if change.rule in _PRESENCE and bool(was.in_body) != bool(is_.in_body):
            if name in is_.in_body or name in was.in_body:
                return None
        if self.is_parameter(pair, name):
            return replace(change, rule="O05", what=f"{change.what} (as {change.rule})")
        return change

    def is_parameter(self, pair: tuple[str, str], name: str) -> bool:
        """Whether the field travels in the query or a header."""
        was, is_ = self._pairs[pair]
        return any(name in (*one.in_query, *one.in_header) for one in (was, is_))

    def body(self, said: Said) -> Change:
        """The change of an operation; for a body that is new, whether any of it is required."""
        if said.change.rule != "O06" or said.change.case != "added":
            return said.change
        _, is_ = self._bodies[said.subject]
        required = any(_named(self._new[is_.model], name) for name in is_.in_body)
        return replace(said.change, case="required" if required else "optional")


def _named(model: Model, name: str) -> bool:
    return model.named(name).required


def _by_place(old: Operation, new: Operation) -> Mapping[str, str]:
    if len(old.placeholders) != len(new.placeholders):
        return {}
    return dict(zip(old.placeholders, new.placeholders, strict=True))
