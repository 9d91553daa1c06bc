"""The folder that a run's shop is built in: ours to empty, or left alone."""

from __future__ import annotations

import shutil

from tools.dev import state
from tools.dev.errors import Busy, Refusal
from tools.dev.healing import end_leftovers, only_one
from tools.dev.places import Places
from tools.faults.volumes import unmount_leftovers

_MARK = ".dev-faults"
_SAYS = "./dev faults keeps a shop in this folder, and empties it whenever it begins.\n"
_USAGE = 2


def claim(places: Places) -> None:
    """It is there, and marked as ours. Raises Refusal, with nothing changed, for a folder that is not
    ours to empty or cannot be made, and Busy while another run is at work in it."""
    _refuse_what_is_not_ours(places)
    try:
        places.dev.mkdir(mode=0o755, parents=True, exist_ok=True)
        (places.dev / _MARK).write_text(_SAYS)
    except OSError as error:
        raise _refusal(f"{places.dev} cannot be made ({error.strerror})") from error
    if state.running(places) is not None:
        raise busy(places)


def clear(places: Places) -> None:
    """It is claimed, empty but for the folders that a shop needs, and nothing of an earlier run is
    left running. Raises what `claim` does."""
    claim(places)
    places.make()
    try:
        with only_one(places, patience_s=1):
            end_leftovers(places)
            unmount_leftovers(places.dev)
            _empty(places)
            places.make()
    except Busy:
        raise busy(places) from None


def busy(places: Places) -> Busy:
    """What the second of two runs is told."""
    return Busy(
        f"another ./dev faults is at work in {places.dev}; wait, end it, or name another folder "
        "with --folder"
    )


def _refuse_what_is_not_ours(places: Places) -> None:
    folder, checkouts = places.dev.resolve(), Places(places.root).dev
    usual = checkouts / "faults"
    if checkouts.resolve().is_relative_to(folder) or checkouts.is_relative_to(folder):
        holds = "the data of ./dev up" if folder == checkouts.resolve() else "this checkout"
        raise _refusal(f"{folder} holds {holds}")
    if folder == usual.resolve() or not folder.exists():
        return
    if not folder.is_dir():
        raise _refusal(f"{folder} is no folder")
    try:
        strange = any(folder.iterdir()) and not (folder / _MARK).is_file()
    except OSError as error:
        raise _refusal(f"{folder} cannot be read ({error.strerror})") from error
    if strange:
        raise _refusal(f"{folder} is not empty, and no ./dev faults made it")


def _refusal(why: str) -> Refusal:
    return Refusal(
        f"{why}; a run empties the folder of its shop first. Name a new one with --folder, or leave "
        "--folder out",
        _USAGE,
    )


def _empty(places: Places) -> None:
    """All but the mark and the lock, which whoever comes next must find locked."""
    for path in places.dev.iterdir():
        if path in (places.lock, places.dev / _MARK):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
