"""What the checker says of one change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made

from tools.contracts.form.model import Json, Place
from tools.contracts.rules.spelling import short
from tools.contracts.rules.verdict import Direction, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A payload that was run through both models.

    `writer` is whose message it is and `reader` who cannot read it (or reads or writes another thing):
    "old" or "new".
    `outcome` says what came of it, in a sentence. `by_hand` when neither model would write it, only
    somebody else's program.
    """

    payload: Json
    direction: Direction
    writer: str
    reader: str
    outcome: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A place that the finding reaches. `service` is its name, or the folder of what is none (`libs/web`).

    `use` is unhandled (a match without a case for what is new), matched, read, written, sent, served, heard,
    unknown (it may read it: types don't tell) or parsed (the value comes here, and nobody looks at it).
    `text` is the code, shortened. `tests` when only tests run it; `gone` when the line is there no more, but
    whoever is deployed still runs it.
    """

    service: str
    where: Place
    use: str
    text: str = ""
    tests: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One change and its verdict.

    `contract` is `orders/v1`; `subject` the model, operation, event or problem by its name in the page;
    `field` the place within it (`lines`, `lines[].quantity` where the type is nested in one field), empty
    when it is about the whole. `verdicts` has one for each direction in which the model travels, and none
    for rules about operations and events, which have only `verdict`. `like` is the field rule that was
    applied to a parameter (O05) or an envelope (E03). `case` is the row of the table, where a
    rule has several. `reached` is for each direction a way from an operation or event to the subject.
    `where` is a place in the new tree, in the old one for what was removed. `models` are the names of
    the model in the old form and the new one, for rules about fields.

    Either `proof` is there, or `unproved` says why not. `consumers` is filled by the index of readers.
    """

    rule: str
    contract: str
    subject: str
    field: str = ""
    verdict: Verdict
    verdicts: Mapping[Direction, Verdict] = made(default_factory=dict)
    case: str = ""
    like: str = ""
    sentence: str
    mend: str
    where: Place | None = None
    removed: bool = False
    models: tuple[str, str] = ("", "")
    reached: Mapping[Direction, str] = made(default_factory=dict)
    proof: Proof | None = None
    unproved: str = ""
    consumers: tuple[Consumer, ...] = ()
    waived: str = ""

    @property
    def root(self) -> str:
        """The field of the model, without what lies within its type."""
        return (re.match(r"\w*", self.field) or [""])[0]

    @property
    def place(self) -> str:
        """What it is about, as one says it: `Order.total`, or `PlaceOrder`."""
        return short(self.subject) + (f".{self.field}" if self.field else "")

    @property
    def page(self) -> str:
        """Where its rule is explained, from the root of the repository."""
        return f"docs/contracts/{self.rule}.md"
