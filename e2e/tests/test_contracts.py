"""What somebody who edits a contract is told: `./dev contracts` in a copy of this tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.contracts import cli  # it is started as a program, so that no call tells of it

pytestmark = pytest.mark.timeout(600)
ROOT = Path(cli.__file__).parents[2]
FOLDERS = ("contracts", "libs", "services", "tools")
PAGE = "contracts/orders/v1.py"


class Copy:
    """A checkout of its own, whose edits nobody else sees."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in FOLDERS:
            shutil.copytree(
                ROOT / folder,
                root / folder,
                symlinks=True,
                ignore=shutil.ignore_patterns("__pycache__", ".dev"),
            )
        shutil.copy(ROOT / "mypy.ini", root)
        (root / ".gitignore").write_text("__pycache__/\n.dev/\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=as it was")

    def git(self, *arguments: str) -> None:
        name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        subprocess.run(["git", *name, *arguments], cwd=self.root, check=True)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`./dev contracts` with these arguments."""
        path = os.pathsep.join([str(self.root), *(place for place in sys.path if place)])
        return subprocess.run(
            [sys.executable, "-m", "tools.dev", "contracts", *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
        )

    def said(self, *arguments: str) -> Any:
        """What it says as JSON."""
        done = self.run("--json", *arguments)
        assert done.returncode in (0, 4), done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("checkout"))


@pytest.fixture
def copy(copied: Copy) -> Iterator[Copy]:
    yield copied
    copied.git("checkout", "--quiet", ".")
    copied.git("clean", "--quiet", "--force", "-d")


def the(findings: list[dict[str, Any]], rule: str, subject: str) -> dict[str, Any]:
    found = [one for one in findings if (one["rule"], one["subject"]) == (rule, subject)]
    assert len(found) == 1, [(one["rule"], one["subject"]) for one in findings]
    return found[0]


def uses(finding: dict[str, Any], use: str) -> set[tuple[str, str]]:
    """The service and file of each line of ours that uses it so, tests aside."""
    return {
        (one["service"], one["file"])
        for one in finding["consumers"]
        if one["use"] == use and not one["tests"]
    }


def line_of(copy: Copy, file: str, code: str) -> int:
    lines = (copy.root / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if code in line)


def test_an_unchanged_checkout_has_nothing_to_say(copy: Copy) -> None:
    done = copy.run()

    assert (done.returncode, done.stdout[:15]) == (0, "Nothing changed")


@pytest.fixture(scope="module")
def renamed(copied: Copy) -> tuple[subprocess.CompletedProcess[str], Any]:
    """What is said, to people and to programs, of `Order.total` and `OrderPlaced.total` being `sum`."""
    copied.edit(PAGE, "    total: Money", "    sum: Money")
    told, said = copied.run(), copied.said()
    copied.git("checkout", "--quiet", ".")
    return told, said


def test_a_rename_forbids_the_merge_in_lines_that_fit_a_page(
    renamed: tuple[subprocess.CompletedProcess[str], Any],
) -> None:
    told, _ = renamed

    assert told.returncode == 4
    assert max(map(len, told.stdout.splitlines())) <= 80
    assert "users" in told.stdout and "services/users/overview.py" in told.stdout


def test_a_renamed_field_breaks_those_that_read_it(
    copy: Copy, renamed: tuple[subprocess.CompletedProcess[str], Any]
) -> None:
    findings = renamed[1]["findings"]

    finding = the(findings, "F09", "Order")
    assert (finding["verdict"], finding["file"]) == ("B", PAGE)
    assert finding["line"] == line_of(copy, PAGE, "    total: Money")
    assert finding["proof"]["payload"] and "total" in finding["proof"]["outcome"]
    overview = "services/users/overview.py"
    read = [one for one in finding["consumers"] if one["use"] == "read" and not one["tests"]]
    assert [(one["service"], one["file"], one["line"]) for one in read] == [
        ("users", overview, line_of(copy, overview, "order.total"))
    ]
    assert ("catalog", "services/catalog/jobs.py") in uses(finding, "parsed")
    assert ("orders", "services/orders/models.py") in uses(finding, "written")
    # A template's names have no types: the lines are told of, and not sworn to.
    template = "services/notifications/words/lines.txt.jinja"
    assert ("notifications", template) in uses(finding, "unknown")
    event = the(findings, "F09", "OrderPlaced")
    assert uses(event, "read") == {("payments", "services/payments/services.py")}


def test_a_rename_fails_the_type_checks_of_those_who_read_or_write_it(
    renamed: tuple[subprocess.CompletedProcess[str], Any],
) -> None:
    _, said = renamed

    own = {(one["service"], one["file"]) for one in said["types"] if "/tests/" not in one["file"]}
    assert own == {
        ("orders", "services/orders/models.py"),
        ("orders", "services/orders/saga.py"),
        ("payments", "services/payments/services.py"),
        ("users", "services/users/overview.py"),
    }
    assert {one["service"] for one in said["rebuilt"]} == {
        "catalog",
        "notifications",
        "orders",
        "payments",
        "storefront",
        "users",
    }


def test_a_comment_changes_nothing_on_the_wire_and_still_rebuilds_images(copy: Copy) -> None:
    copy.edit("contracts/payments/v1.py", "from __future__", "# Cents.\nfrom __future__")

    done = copy.run("--no-types")

    assert done.returncode == 0
    assert done.stdout.startswith("Nothing changed on the wire.\n")
    made = [line.split() for line in done.stdout.splitlines() if "PEX and image" in line]
    assert [line[0] for line in made] == ["notifications", "orders", "payments", "storefront"]


def test_an_optional_field_of_an_answer_is_safe(copy: Copy) -> None:
    copy.edit(
        PAGE,
        "    reason: Reason | None = None\n",
        "    reason: Reason | None = None\n    gift: bool = False\n",
    )

    done = copy.run("--json", "--no-types")

    said = json.loads(done.stdout)
    assert (done.returncode, the(said["findings"], "F01", "Order")["verdict"]) == (0, "S")


CLOSED = '''class Means(StrEnum):
    """How it was paid."""

    CARD = "card"


class OrderPlaced('''
LISTENS = """
def _by_card(event: orders.OrderPlaced) -> bool:
    return event.means is orders.Means.CARD
"""


def test_a_new_value_of_a_closed_enum_asks_for_those_who_match_on_it_first(copy: Copy) -> None:
    copy.edit(PAGE, "from typing import", "from enum import StrEnum\nfrom typing import")
    copy.edit(PAGE, "class OrderPlaced(", CLOSED)
    copy.edit(
        PAGE,
        "    total: Money\n    payment_method",
        "    means: Means = Means.CARD\n    total: Money\n    payment_method",
    )
    with (copy.root / "services/payments/services.py").open("a") as file:
        file.write(LISTENS)
    copy.git("checkout", "--quiet", "-b", "means")
    copy.git("commit", "--quiet", "--all", "--message=means")
    copy.edit(PAGE, '    CARD = "card"\n', '    CARD = "card"\n    CASH = "cash"\n')

    done = copy.run("--json", "--no-types", "--against", "HEAD")
    copy.git("checkout", "--quiet", "--force", "main")

    said = json.loads(done.stdout)
    finding = the(said["findings"], "F18", "OrderPlaced")
    assert (done.returncode, finding["verdict"]) == (0, "C")
    assert uses(finding, "matched") == {("payments", "services/payments/services.py")}
    assert said["order"]["waves"][-1] == ["orders"]


def test_a_new_refusal_names_each_match_that_does_not_handle_it(copy: Copy) -> None:
    page = "contracts/catalog/v1.py"
    refusal = 'class ShopIsClosed(Problem, status=403, title="Closed"):\n    """At night."""\n\n\n'
    copy.edit(page, "class ReserveStock(", refusal + "class ReserveStock(")
    copy.edit(
        page,
        "OutOfStock | UnknownLine | ReservationEnded",
        "OutOfStock | UnknownLine | ReservationEnded | ShopIsClosed",
    )

    said = copy.said("--no-types")

    finding = the(said["findings"], "O08", "ReserveStock")
    unhandled = [
        one for one in finding["consumers"] if one["use"] == "unhandled" and not one["tests"]
    ]
    assert [(one["service"], one["file"], one["line"]) for one in unhandled] == [
        (
            "orders",
            "services/orders/saga.py",
            line_of(copy, "services/orders/saga.py", "match deps.peers"),
        )
    ]
    assert (finding["verdict"], "no case for ShopIsClosed") == ("C", unhandled[0]["text"])


def test_an_event_that_nobody_publishes_any_more_breaks_those_who_listen(copy: Copy) -> None:
    saga = "services/orders/services.py"
    copy.edit(
        saga,
        "        tx.publish(orders.OrderConfirmed(order_id=order_id, user_id=UserId(ended.user_id)))",
        "        pass",
    )

    finding = the(copy.said()["findings"], "E05", "OrderConfirmed")

    assert (finding["verdict"], finding["file"]) == ("B", saga)
    assert {service for service, _ in uses(finding, "heard")} == {"catalog", "notifications"}


def test_a_field_is_still_read_by_what_is_deployed_when_the_same_change_stops_reading_it(
    copy: Copy,
) -> None:
    copy.edit(PAGE, "    detail: str | None = None\n", "")
    templates = "services/notifications/templates.py"
    copy.edit(
        templates,
        "if order.reason is orders.Reason.PAYMENT_DECLINED and order.detail:",
        "if False:",
    )
    copy.edit(templates, "{order.detail.rstrip('.')}", "")

    finding = the(copy.said()["findings"], "F03", "Order")

    assert finding["verdict"] == "B"
    gone = {(one["service"], one["use"]) for one in finding["consumers"] if one["gone"]}
    assert ("notifications", "read") in gone


def test_a_page_that_cannot_be_imported_is_told_by_its_line(copy: Copy) -> None:
    copy.edit(PAGE, "    total: Money", "    total: Mony")

    done = copy.run("--no-types")

    assert done.returncode == 4
    assert f"{PAGE}:" in done.stdout and "Traceback" not in done.stdout + done.stderr


def test_a_commit_that_is_none_is_a_mistake_of_usage(copy: Copy) -> None:
    done = copy.run("--against", "no-such-branch")

    assert (done.returncode, done.stdout) == (2, "")
    assert "no-such-branch" in done.stderr and "Traceback" not in done.stderr


def test_fields_that_nobody_reads_are_listed_and_doubt_is_said(copy: Copy) -> None:
    done = copy.run("unread", "orders", "--json")

    said = {one["field"]: one for one in json.loads(done.stdout)}
    assert "Order.total" not in said  # users reads it
    assert said["OrderCancelled.reason"]["perhaps"] == []
    assert any("templates.py" in place for place in said["PricedLine.name"]["perhaps"])
