"""Whether what runs is older than the checkout, or newer."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.contracts.deploy.history import newer

PAGE = "contracts.orders.v1"


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


def test_a_form_that_the_checkout_once_had_is_older_and_any_other_is_newer(tmp_path: Path) -> None:
    file = tmp_path / "contracts/orders/v1.json"
    file.parent.mkdir(parents=True)
    git(tmp_path, "init", "-q")
    for form in ("first", "second"):
        file.write_text(form)
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", form)

    assert not newer(tmp_path, PAGE, "first")
    assert not newer(tmp_path, PAGE, "second")
    assert newer(tmp_path, PAGE, "third")


def test_without_git_nothing_is_newer(tmp_path: Path) -> None:
    assert not newer(tmp_path, PAGE, "anything")
