"""What `./dev contracts` costs, and how that grows: on trees of 10, 100 and 1000 contracts.

    python -m tools.contracts.bench 10 100 1000

Each contract has a service that keeps it and asks its neighbour. One contract is edited; the check runs
once from nothing, and three times more after further edits, of which the middle one counts.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.contracts.examine import Wanted, examine

ROOT = Path(__file__).resolve().parents[2]
_PAGE = '''"""What {name} promises."""

from __future__ import annotations

from contracts.core import KEYED, Event, OpenEnum, Page, Problem, Request, Service, User, Value
from contracts.shared.ids import OrderId, Sku
from contracts.shared.money import Money


class Status(OpenEnum):
    """Where it stands."""

    OPEN = "open"
    DONE = "done"
    UNKNOWN = "unknown"


class Line(Value):
    """So many."""

    sku: Sku
    quantity: int


class Thing(Value):
    """A thing."""

    thing_id: OrderId
    status: Status
    lines: tuple[Line, ...]
    total: Money
    note: str | None = None


class NoSuchThing(Problem, status=404, title="No such thing"):
    """There is none."""

    thing_id: OrderId


class GetThing(Request[User | Service, Thing, NoSuchThing], http="GET /api/v1/{name}/{{thing_id}}"):
    """One thing."""

    thing_id: OrderId


class ListThings(Request[User, Page[Thing]], http="GET /api/v1/{name}"):
    """All things."""

    limit: int = 20


class MakeThing(Request[User, Thing], http="POST /api/v1/{name}", status=201, repeat=KEYED):
    """A new thing."""

    lines: tuple[Line, ...]


class ThingMade(Event, name="{name}.thing_made.v1", key="thing_id"):
    """Once per thing."""

    thing_id: OrderId
    total: Money
'''
_CALLS = '''"""Whom {name} asks."""

from __future__ import annotations

from contracts.{other} import v1 as other
from contracts.core import Sender
from contracts.shared.ids import OrderId


def cents(sender: Sender, thing_id: OrderId) -> int:
    match sender.attempt(other.GetThing(thing_id=thing_id)):
        case other.Thing() as thing:
            return thing.total.cents
        case other.NoSuchThing():
            return 0


def hear(event: other.ThingMade, _: object, __: object) -> None:
    print(event.total.cents)


consumers = (other.ThingMade.handled_by(hear),)
'''


@dataclass(frozen=True)
class Took:
    """Seconds of a check: of the clock, and of the processors, which others do not disturb."""

    clock: float
    cpu: float


@dataclass(frozen=True)
class Cost:
    """What a check takes from nothing, and after one more edit with and without the type check."""

    contracts: int
    cold: Took
    warm: Took
    plain: Took


def cost(number: int, folder: Path) -> Cost:
    """What the check costs in a tree of so many contracts."""
    _make(folder, number)
    _edit(folder, "first")
    cold = _check(folder, types=True)
    warm, plain = [], []
    for again in ("second", "third", "fourth"):
        _edit(folder, again)
        warm.append(_check(folder, types=True))
        _edit(folder, f"{again}_more")
        plain.append(_check(folder, types=False))
    return Cost(number, cold, _middle(warm), _middle(plain))


def _middle(took: list[Took]) -> Took:
    return sorted(took, key=lambda one: one.cpu)[len(took) // 2]


def _make(folder: Path, number: int) -> None:
    for shared in ("core", "shared"):
        shutil.copytree(ROOT / "contracts" / shared, folder / "contracts" / shared)
    shutil.copy(ROOT / "mypy.ini", folder)
    (folder / ".gitignore").write_text(".dev/\n__pycache__/\n")
    names = [_name(place) for place in range(number)]
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        for path, text in {
            f"contracts/{name}/__init__.py": "",
            f"contracts/{name}/v1.py": _PAGE.format(name=name),
            f"services/{name}/main.py": f"from services.{name} import calls as calls\n",
            f"services/{name}/calls.py": _CALLS.format(name=name, other=other),
        }.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    git = ("git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for said in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *said], check=True)


def _name(place: int) -> str:
    """Of letters alone, as an event's name asks for."""
    return "svc_" + "".join(chr(ord("a") + place // 26**digit % 26) for digit in (2, 1, 0))


def _edit(folder: Path, name: str) -> None:
    page = folder / f"contracts/{_name(0)}/v1.py"
    text = _PAGE.format(name=_name(0)).replace("    note: str", f"    {name}: int\n    note: str")
    page.write_text(text)


def _check(folder: Path, *, types: bool) -> Took:
    began, used = time.monotonic(), _cpu()
    report = examine(folder, Wanted(types=types), lambda step, seconds: None)
    assert report.findings, report.problems
    return Took(time.monotonic() - began, _cpu() - used)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Print the table; the sizes are arguments."""
    print("| contracts | from nothing: clock, CPU | one edit | one edit, `--no-types` |")
    print("|---|---|---|---|")
    for number in map(int, sys.argv[1:] or ("10", "100", "1000")):
        with tempfile.TemporaryDirectory() as folder:
            found = cost(number, Path(folder))
        cells = (
            f"{one.clock:.1f}, {one.cpu:.1f} s" for one in (found.cold, found.warm, found.plain)
        )
        print(f"| {found.contracts} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
