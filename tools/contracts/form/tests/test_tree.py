"""The contracts of a checkout and of its revisions, read in a process of their own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from contracts.core import feed, forms
from tools.contracts.form import (
    Accepted,
    Broken,
    CannotBeRecorded,
    NoSuchRevision,
    Refused,
    Tree,
    write_all,
)
from tools.contracts.form.model import Page, Place

ORDERS = "contracts.orders.v1"
PAGE = """
from contracts.core import Anyone, Request, Value

class Thing(Value):
    name: str

class Get(Request[Anyone, Thing], http="GET /things/{name}"):
    name: str
    limit: int = 1
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the language and one page."""
    language = Path(forms.__file__).parent
    for name in ("core", "shared"):
        shutil.copytree(
            language.parent / name,
            tmp_path / "contracts" / name,
            ignore=shutil.ignore_patterns("tests", "__pycache__"),
        )
    write(tmp_path, PAGE)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def write(root: Path, source: str) -> None:
    page = root / "contracts/orders/v1.py"
    page.parent.mkdir(exist_ok=True)
    page.write_text(source)


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "contracts: go on")


def page_of(tree: Tree) -> Page:
    page = tree.page(ORDERS)
    assert isinstance(page, Page), page
    return page


def test_a_revision_has_the_form_that_it_had(checkout: Path) -> None:
    write(checkout, PAGE.replace("name: str", "title: str", 1))

    with Tree.at(checkout, "HEAD") as old, Tree.of(checkout) as new:
        was, is_ = page_of(old), page_of(new)

    assert [field.name for field in was.model("Thing").fields] == ["name"]
    assert [field.name for field in is_.model("Thing").fields] == ["title"]
    assert was.model("Thing").where == Place("contracts/orders/v1.py", 4)


def test_each_tree_has_the_language_of_its_own_time(checkout: Path) -> None:
    core = checkout / "contracts/core/values.py"
    core.write_text(core.read_text().replace("next_cursor: str", "next_page: str"))
    write(
        checkout,
        PAGE.replace("Request, Value", "Page, Request, Value").replace(
            "Anyone, Thing]", "Anyone, Page[Thing]]"
        ),
    )
    commit(checkout)
    core.write_text(core.read_text().replace("next_page: str", "next_cursor: str"))

    with Tree.at(checkout, "HEAD") as old, Tree.of(checkout) as new:
        was, is_ = (page_of(tree).model("core.values.Page[Thing]") for tree in (old, new))

    assert [field.name for field in was.fields] == ["items", "next_page"]
    assert [field.name for field in is_.fields] == ["items", "next_cursor"]


@pytest.mark.parametrize(
    ("source", "line", "sentence"),
    [
        (PAGE + "x = (\n", 10, "'(' was never closed"),
        (PAGE + "import nothing\n", 10, "No module named 'nothing'"),
        (
            PAGE.replace("limit: int", "limit: dict"),
            7,
            "orders: Get: limit is Any, or may hold it; declare its type, or JsonObject",
        ),
    ],
    ids=["syntax", "import", "declaration"],
)
def test_a_page_that_is_wrong_is_a_place_and_a_sentence(
    checkout: Path, source: str, line: int, sentence: str
) -> None:
    write(checkout, source)

    with Tree.of(checkout) as tree:
        broken = tree.page(ORDERS)

    assert isinstance(broken, Broken)
    assert broken.where == Place("contracts/orders/v1.py", line)
    assert broken.sentence.startswith(sentence)


def test_a_page_that_prints_or_ends_python_answers_for_nobody(checkout: Path) -> None:
    write(checkout, PAGE + "print('{}')\n")
    with Tree.of(checkout) as tree:
        assert page_of(tree).operations

    write(checkout, PAGE + "import os; os._exit(0)\n")
    with Tree.of(checkout) as tree:
        broken = tree.page(ORDERS)
        assert isinstance(broken, Broken)
        assert "ended" in broken.sentence
        assert isinstance(tree.page(feed.__name__), Page)


def test_a_revision_that_cannot_be_imported_any_more_is_read_from_what_was_recorded(
    checkout: Path,
) -> None:
    write_all(checkout)
    write(checkout, PAGE + "import gone\n")
    commit(checkout)

    with Tree.at(checkout, "HEAD") as old, Tree.of(checkout) as new:
        assert page_of(old).model("Thing")
        assert isinstance(new.page(ORDERS), Broken)


def test_what_was_read_once_is_read_from_the_disk(checkout: Path) -> None:
    with Tree.of(checkout) as tree:
        first = tree.pages()
    with Tree.of(checkout) as tree:
        again = tree.pages()
        assert tree._process is None
    (checkout / "contracts/shared/ids.py").write_text("X = 1\n")
    with Tree.of(checkout) as tree:
        tree.pages()
        assert tree._process is not None

    assert first == again


def test_a_revision_that_git_does_not_know_is_refused(checkout: Path) -> None:
    with pytest.raises(NoSuchRevision, match="'no-such-branch'"):
        Tree.at(checkout, "no-such-branch")


def test_payloads_are_read_as_they_are_at_either_end_of_the_wire(checkout: Path) -> None:
    thing = {"name": "a", "of_tomorrow": 1}
    with Tree.of(checkout) as tree:
        assert tree.validate("answer", ORDERS, "Thing", thing) == Accepted({"name": "a"})
        assert isinstance(tree.validate("request", ORDERS, "Thing", thing), Refused)
        asked = tree.validate("request", ORDERS, "Get", {"name": "a", "limit": 3})
        assert asked == Accepted({"name": "a", "limit": 3})
        refused = tree.validate("request", ORDERS, "Get", {"name": "a", "most": 3})
        assert isinstance(refused, Refused)
        assert "/most: No such parameter" in refused.error


def test_recording_writes_each_page_once_and_names_those_that_it_cannot(checkout: Path) -> None:
    assert write_all(checkout) == [checkout / "contracts/orders/v1.json"]
    assert write_all(checkout) == []

    write(checkout, PAGE + "x = (\n")
    with pytest.raises(CannotBeRecorded, match=r"^contracts/orders/v1.py:10 '\(' was never closed"):
        write_all(checkout)
