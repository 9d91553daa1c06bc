"""One form of a page, with the process that reads as it says, and the plainest payloads that it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tools.contracts.form.model import Field, Json, Model, Page
from tools.contracts.form.tree import Accepted, Refused
from tools.contracts.form.tree import Direction as Reading
from tools.contracts.rules.values import Values

_TRIES = 40


class Reads(Protocol):
    """What a tree can do; see `tools.contracts.form.tree.Tree`."""

    def validate(
        self, direction: Reading, module: str, model: str, payload: Json
    ) -> Accepted | Refused: ...


@dataclass(frozen=True, slots=True)
class Side:
    """One form of the page, and the process that reads as it says."""

    name: str
    page: Page
    reads: Reads
    models: Mapping[str, Model]
    values: Values


def side_of(name: str, page: Page, reads: Reads) -> Side:
    """The form of the page, called old or new."""
    models = {one.name: one for one in page.models}
    return Side(name, page, reads, models, Values(models))


def plainest(side: Side, name: str, reading: Reading) -> Json:
    """The plainest object that this form reads, None when none was found: tries value after value in the
    field that was refused last."""
    model = side.models[name]
    choices = {
        field.writes or field.reads[0]: list(side.values.field(field))[:24] or [None]
        for field in model.fields
        if field.reads and field.required
    }
    turn = dict.fromkeys(choices, 0)
    for _ in range(_TRIES):
        payload = {key: choices[key][turn[key]] for key in choices}
        said = side.reads.validate(reading, side.page.module, name, payload)
        if isinstance(said, Accepted):
            return payload
        wrong = next((key for key in choices if key in first_steps(said.error)), None)
        if wrong is None or turn[wrong] + 1 == len(choices[wrong]):
            break
        turn[wrong] += 1
    return next(
        (
            one
            for one in (*model.examples, *side.values.objects(model))
            if isinstance(side.reads.validate(reading, side.page.module, name, one), Accepted)
        ),
        None,
    )


def first_steps(error: str) -> set[str]:
    """The fields that an error names."""
    faults = error.removeprefix("ValueError: ").split("; ")
    return {re.split(r"[:/]", fault.lstrip("/"), maxsplit=1)[0] for fault in faults}


def all_names(*fields: Field | None) -> set[str]:
    """Each name by which an error may call these fields."""
    return {
        name
        for one in fields
        if one is not None
        for name in (one.name, one.writes, *one.reads)
        if name is not None
    }
