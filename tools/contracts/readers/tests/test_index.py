"""What the index sees in code against a contract, line by line: each marked line says what it must be."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tools.contracts.readers import trees
from tools.contracts.readers.model import Index, Kind
from tools.contracts.readers.reach import Reach
from tools.contracts.readers.silence import silenced
from tools.contracts.readers.templates import template_uses

pytestmark = pytest.mark.timeout(300)
ROOT = Path(trees.__file__).parents[3]
SETTINGS = """
[mypy]
strict = True
plugins = pydantic.mypy
namespace_packages = True
explicit_package_bases = True
"""
PAGE = """
from __future__ import annotations
from contracts.core import Event, OpenEnum, Page, Problem, Request, Service, Value


class Status(OpenEnum):
    OPEN = "open"
    DONE = "done"
    UNKNOWN = "unknown"


class Money(Value):
    cents: int


class Thing(Value):
    name: str
    status: Status
    price: Money
    note: str | None = None


class NoSuchThing(Problem, status=404, title="No such thing"):
    name: str


class GetThing(Request[Service, Thing, NoSuchThing], http="GET /api/v1/things/{name}"):
    name: str


class ListThings(Request[Service, Page[Thing]], http="GET /api/v1/things"):
    limit: int = 20


class ThingMade(Event, name="things.thing_made.v1", key="name"):
    name: str
"""
# Behind each line: what it does with which member, as `kind Class.member`.
CODE = """
from __future__ import annotations
from collections.abc import Callable
from typing import Any, assert_never
from contracts.core import Sender
from contracts.things import v1 as things


def far(sender: Sender) -> Callable[[], things.Thing]:
    return lambda: sender.send(things.GetThing(name="a"))  # sent GetThing, written GetThing.name


def prices(sender: Sender) -> list[int]:
    page = sender.send(things.ListThings())  # sent ListThings
    return [thing.price.cents for thing in page.items]  # read Thing.price, read Money.cents, read Page.items


def called(sender: Sender) -> str:
    return far(sender)().name  # read Thing.name


def handled(sender: Sender) -> str:
    match sender.attempt(things.GetThing(name="b")):  # sent GetThing, written GetThing.name
        case things.Thing(note=str() as note):  # matched Thing, read Thing.note
            return note
        case things.Thing():  # matched Thing
            return ""
        case things.NoSuchThing() as problem:  # matched NoSuchThing
            return problem.name  # read NoSuchThing.name
        case never:
            assert_never(never)


def is_open(thing: things.Thing) -> bool:
    if isinstance(thing, things.Thing):  # matched Thing
        pass
    return thing.status is things.Status.OPEN  # read Thing.status, matched Status.OPEN


WORDS = {things.Status.OPEN: "open", things.Status.DONE: "done"}  # matched Status.OPEN, matched Status.DONE


def made() -> things.Thing:
    thing = things.Thing(  # written Thing
        name="c",  # written Thing.name
        status=things.Status.DONE,  # written Thing.status, written Status.DONE
        price=things.Money(cents=1),  # written Thing.price, written Money, written Money.cents
    )
    return thing.model_copy(update={"note": "n"})  # written Thing.note


def whole(thing: things.Thing) -> dict[str, Any]:
    return thing.model_dump()  # unknown Thing


def escaping(thing: things.Thing) -> None:
    takes(thing)  # unknown Thing


def takes(anything: object) -> None:
    print(anything.name)  # type: ignore[attr-defined]


def by_name(thing: things.Thing, name: str) -> object:
    print(getattr(thing, "note"))  # noqa: B009 # read Thing.note
    return getattr(thing, name)  # unknown Thing


def untyped(thing: Any) -> object:
    return thing.price  # unknown .price


def harmless(thing: things.Thing) -> str:
    return f"{thing.name} {len(thing.name)}"  # read Thing.name


def hear(event: things.ThingMade, _: object, __: object) -> None:
    print(event.name)  # read ThingMade.name


consumers = (things.ThingMade.handled_by(hear),)  # heard ThingMade
"""


def rewrite(file: Path, text: str) -> None:
    """As an editor does a while later: mypy tells versions of one size apart by the second."""
    moment = int(file.stat().st_mtime) + 2
    file.write_text(text)
    os.utime(file, (moment, moment))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A contract and a service that does all that code can do with one."""
    root = tmp_path_factory.mktemp("shop")
    shutil.copytree(
        ROOT / "contracts/core",
        root / "contracts/core",
        ignore=shutil.ignore_patterns("tests", "__pycache__"),
    )
    for name, text in {
        "mypy.ini": SETTINGS,
        "contracts/things/v1.py": PAGE,
        "services/reader/main.py": CODE,
        "services/reader/words/thing.html.jinja": "<p>\n{{ thing.note }}</p>",
        "services/other/main.py": "",
        "services/other/words/page.html": "{{ thing.note }}",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(scope="module")
def index(shop: Path) -> Index:
    found = trees.of(shop)
    assert found.complete
    return found


def _short(kind: str, owner: str, member: str) -> str:
    name = owner.rpartition(".")[2]
    return f"{kind} {name}" + (f".{member}" if member else "")


MARKED = {
    number: {said.strip() for said in line.rpartition("# ")[2].split(",")}
    for number, line in enumerate(CODE.splitlines(), start=1)
    if re.search(r"# (read|written|matched|sent|heard|unknown) ", line)
}


@pytest.mark.parametrize("line", MARKED)
def test_a_line_does_with_the_contract_what_is_said_behind_it(index: Index, line: int) -> None:
    uses = [use for use in index.files["services/reader/main.py"].uses if use.line == line]

    assert {_short(use.kind, use.owner, use.member) for use in uses} == MARKED[line]


def test_other_lines_do_nothing_with_it(index: Index) -> None:
    uses = index.files["services/reader/main.py"].uses

    assert {use.line for use in uses} <= MARKED.keys()


def test_a_match_knows_what_it_answers_and_what_it_handles(index: Index) -> None:
    match = next(one for one in index.matches if one.operation)

    assert match.operation == "contracts.things.v1.GetThing"
    assert set(match.handled) == {"contracts.things.v1.Thing", "contracts.things.v1.NoSuchThing"}
    assert not match.otherwise


def test_a_template_may_read_what_its_service_lets_out_of_the_types(
    shop: Path, index: Index
) -> None:
    reach = Reach(index, index, template_uses(shop))

    uses = reach.of_member("contracts.things.v1.Thing", "note")

    templates = {(use.file, use.line) for use in uses if "/words/" in use.file}
    # The other service's template has the same words, and no thing.
    assert templates == {("services/reader/words/thing.html.jinja", 2)}


def test_a_value_inside_another_escapes_with_it(index: Index) -> None:
    uses = Reach(index, index).of_member("contracts.things.v1.Money", "cents")

    assert {use.kind for use in uses} == {Kind.READ, Kind.WRITTEN, Kind.UNKNOWN}


def test_an_edit_is_seen_and_what_it_took_away_is_gone(shop: Path, index: Index) -> None:
    code = shop / "services/reader/main.py"
    rewrite(code, CODE.replace("far(sender)().name", "str(far(sender)())"))

    reach = Reach(index, trees.of(shop))

    rewrite(code, CODE)
    gone = [
        use for use in reach.of_member("contracts.things.v1.Thing", "name") if reach.is_gone(use)
    ]
    assert [use.text for use in gone] == ["far(...)().name"]


def test_a_second_look_finds_the_same(shop: Path, index: Index) -> None:
    assert trees.of(shop) == index


def test_what_an_interrupted_look_missed_is_found_by_the_next(shop: Path, index: Index) -> None:
    cache = shop / ".dev/contracts/readers/now"
    kept = cache / "index.json"
    kept.write_text(kept.read_text().replace("services/reader/main.py", "services/reader/lost.py"))
    (cache / "unfinished").touch()

    assert trees.of(shop) == index


def test_a_file_that_is_no_python_stops_the_look_and_is_named(shop: Path, index: Index) -> None:
    code = shop / "services/reader/main.py"
    rewrite(code, "def half(:\n")

    broken = trees.of(shop)

    rewrite(code, CODE)
    assert not broken.complete
    assert {one.file for one in broken.mistakes} == {"services/reader/main.py"}
    assert trees.of(shop) == index


def test_an_event_that_nobody_makes_is_silent_only_once_somebody_did(index: Index) -> None:
    assert list(silenced(index, index)) == []
