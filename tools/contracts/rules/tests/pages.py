"""Small contract pages, made of a few lines, and what two forms of one differ in."""

from __future__ import annotations

import importlib.util
import json
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.contracts.form import fingerprint, places
from tools.contracts.form.model import Json, Page
from tools.contracts.form.record import with_classes
from tools.contracts.form.tree import Accepted, Refused
from tools.contracts.form.tree import Direction as Reading
from tools.contracts.form.worker import made_of
from tools.contracts.rules.compare import compare
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.tests import beginning
from tools.contracts.rules.verdict import Direction, worst

MODULE = "contracts.shop.v1"

HEAD = Path(beginning.__file__).read_text()

# A model called Thing travels in every direction, each time at another depth.
ROUND_TRIP = """
class Send(Request[Anyone, None], http="POST /api/v1/things"):
    thing: Thing


class Find(Request[Anyone, Page[Thing]], http="GET /api/v1/things"):
    pass


class Happened(Event, name="shop.happened.v1", key="key"):
    key: str
    things: dict[str, tuple[Thing, ...]] = {}
"""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a page and what is to be found.

    `verdicts` are for REQ, RES and EVT, or one that is about no direction; `rules` are all that are named.
    """

    claim: str
    rules: frozenset[str]
    verdicts: str
    before: str
    after: str


def edits(file: Path) -> list[Edit]:
    """The edits in a file, each as a heading and a diff:

        === F01 | P S S | a field with a default is added
          a: int
        + b: str = ""

    Without a class these are fields of a model that travels in every direction; what stands above a line
    of dashes is outside it. `-` are no rules.
    """
    found = []
    for entry in file.read_text().split("=== ")[1:]:
        head, _, diff = entry.partition("\n")
        rules, verdicts, claim = (part.strip() for part in head.split("|"))
        lines = [line for line in diff.splitlines() if line.strip()]
        before, after = (
            "\n".join(
                line if line == "---" else line[2:]
                for line in lines
                if line == "---" or line[0] != other
            )
            for other in "+-"
        )
        names = frozenset(rules.replace("-", "").split())
        found.append(Edit(claim, names, verdicts, page(before), page(after)))
    return found


def page(lines: str) -> str:
    """The source of a page with these lines."""
    outside, _, inside = lines.rpartition("---\n")
    if "class " not in inside:
        fields = textwrap.indent(inside.strip("\n") or "pass", "    ")
        inside = f"class Thing(Value):\n{fields}\n"
    text = f"{HEAD}\n\n{outside}\n\n{inside}\n"
    return text + ROUND_TRIP if "class Thing(" in text and "http=" not in text else text


class Live:
    """A page that was imported, which reads payloads as `Tree` does."""

    def __init__(self, page: Page, classes: Mapping[str, type]) -> None:
        self.page, self._classes = page, classes

    def validate(
        self, direction: Reading, module: str, model: str, payload: Json
    ) -> Accepted | Refused:
        """What the model makes of the payload."""
        said = made_of(self._classes[model], direction, json.dumps(payload))
        return Accepted(said["accepted"]) if "accepted" in said else Refused(said["refused"])


def recorded(source: str) -> Page:
    """The form of the page, by the real recorder."""
    return live(source).page


@lru_cache(maxsize=256)
def live(source: str) -> Live:
    """The page, imported."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "v1.py"
        file.write_text(source)
        spec = importlib.util.spec_from_file_location(MODULE, file)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        # The recorder reads sources by the module's name, and remembers them.
        sys.modules[MODULE] = module
        places._classes.cache_clear()
        fingerprint._source.cache_clear()
        try:
            spec.loader.exec_module(module)
            return Live(*with_classes(module))
        finally:
            del sys.modules[MODULE]


def difference(before: str, after: str) -> tuple[Finding, ...]:
    """What is found between two pages of these lines."""
    return compare(recorded(page(before)), recorded(page(after)))


def verdicts(findings: Iterable[Finding]) -> str:
    """The verdict in each direction, or the one of all that have no direction."""
    found = list(findings)
    if any(not one.verdicts for one in found):
        return str(worst(one.verdict for one in found))
    return " ".join(
        worst(one.verdicts[way] for one in found if way in one.verdicts) for way in Direction
    )
