"""A run empties the folder of its shop: only one that is its own, and that nobody else is using."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.dev.errors import Busy, Refusal
from tools.dev.healing import only_one
from tools.dev.places import Places
from tools.faults.ground import clear
from tools.faults.world import World


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """With a developer's data in it, and nothing of ours."""
    root = tmp_path / "home" / "checkout"
    (root / ".dev" / "postgres").mkdir(parents=True)
    (root / "README.md").write_text("dear")
    return root


def left_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("folder", [".", "..", "../..", ".dev", ".dev/postgres/..", "link"])
def test_the_checkout_what_holds_it_and_its_own_data_are_left_alone(
    checkout: Path, folder: str
) -> None:
    (checkout / "link").symlink_to(checkout / ".dev")
    before = left_in(checkout.parent)

    with pytest.raises(Refusal, match="a run empties the folder of its shop") as refused:
        clear(Places(checkout, checkout / folder))

    assert refused.value.code == 2
    assert left_in(checkout.parent) == before


def test_a_folder_with_other_things_in_it_is_left_alone(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "state.json").write_text("{}")  # of whatever program

    with pytest.raises(Refusal, match="photos is not empty") as refused:
        clear(Places(checkout, tmp_path / "photos"))

    assert refused.value.code == 2
    assert left_in(tmp_path / "photos") == {"state.json"}


def test_a_world_does_not_start_in_such_a_folder_either(tmp_path: Path) -> None:
    (tmp_path / "dear").write_text("me")

    with pytest.raises(Refusal, match="is not empty"):
        World(tmp_path).start()

    assert left_in(tmp_path) == {"dear"}


def test_what_a_run_left_is_gone_at_the_next_and_new_and_empty_folders_will_do(
    checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "new" / "shop", tmp_path / "empty", checkout / ".dev" / "faults"):
        places = Places(checkout, folder)

        clear(places)
        (places.logs / "orders.web.log").write_text("of the last run")
        (folder / "linked").symlink_to(checkout)
        clear(places)

        assert places.logs.is_dir()
        assert not any(places.logs.iterdir())
        assert not (folder / "linked").exists()
    assert (checkout / "README.md").read_text() == "dear"


def test_a_folder_that_cannot_be_made_is_refused(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for folder in (tmp_path / "file", tmp_path / "file" / "shop"):
        with pytest.raises(Refusal, match="file") as refused:
            clear(Places(checkout, folder))
        assert refused.value.code == 2


def test_of_two_runs_that_begin_together_none_takes_away_what_the_other_has(
    checkout: Path, tmp_path: Path
) -> None:
    places = Places(checkout, tmp_path / "shop")
    clear(places)
    with only_one(
        places
    ):  # as the first run's supervisor has it, who has not written its state yet
        (places.logs / "orders.web.log").write_text("of the first run")

        with pytest.raises(Busy, match=r"another \./dev faults is at work"):
            clear(places)

        assert (places.logs / "orders.web.log").exists()


def test_the_lock_outlives_the_emptying_that_it_guards(checkout: Path, tmp_path: Path) -> None:
    places = Places(checkout, tmp_path / "shop")
    clear(places)
    with places.lock.open() as waited_for:  # by another run, which will lock what it opened
        clear(places)

        assert os.fstat(waited_for.fileno()).st_ino == places.lock.stat().st_ino
