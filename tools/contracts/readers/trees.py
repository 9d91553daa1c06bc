"""The index of a checkout as it stands, and of one of its revisions."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tools.contracts.readers import written
from tools.contracts.readers.kept import Kept
from tools.contracts.readers.model import Index

FOLDERS = ("contracts", "libs", "services", "tools", "e2e")


class CannotBeIndexed(RuntimeError):
    """The type checker ended without an answer; the message is the last that it said."""


def both(root: Path, revision: str) -> tuple[Index, Index]:
    """The indexes of the revision and of the checkout. Neither is made from nothing where one is there
    already: most files are the same in both."""
    now, base = _cache(root, "now"), _cache(root, "base")
    with _alone(root):
        if not Kept(now).holds() and not Kept(base).holds():
            current = _index(root, now)
            _seed(now, base)
            return _at(root, revision), current
        _seed(now, base)
        _seed(base, now)
        with ThreadPoolExecutor(2) as pool:
            old, new = pool.submit(_at, root, revision), pool.submit(_index, root, now)
            return old.result(), new.result()


def at(root: Path, revision: str) -> Index:
    """The index of the revision."""
    with _alone(root):
        _seed(_cache(root, "now"), _cache(root, "base"))
        return _at(root, revision)


def of(root: Path) -> Index:
    """The index of the checkout as it stands."""
    with _alone(root):
        _seed(_cache(root, "base"), _cache(root, "now"))
        return _index(root, _cache(root, "now"))


def _at(root: Path, revision: str) -> Index:
    folder, cache = _cache(root, "tree"), _cache(root, "base")
    git = ("git", "-C", str(root))
    wanted = subprocess.run(
        [*git, "rev-parse", f"{revision}^{{tree}}"], capture_output=True, text=True, check=True
    ).stdout
    mark = folder / ".tree"
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        packed = subprocess.run([*git, "archive", wanted.strip()], capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
        mark.write_text(wanted)
    return _index(folder, cache)


def _index(folder: Path, cache: Path) -> Index:
    path = os.pathsep.join(dict.fromkeys((str(_HERE), *(one for one in sys.path if one))))
    asked = subprocess.run(
        [sys.executable, "-P", "-m", "tools.contracts.readers", str(cache)],
        input="\n".join(_sources(folder)),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    found = written.load(asked.stdout)
    if asked.returncode or found is None:
        said = asked.stderr.strip().rpartition("\n")[2]
        raise CannotBeIndexed(said or f"it ended with {asked.returncode}")
    return found


def _sources(folder: Path) -> Iterator[str]:
    """Our Python files, those aside that are wrong on purpose."""
    for own in FOLDERS:
        for path in sorted((folder / own).rglob("*.py")):
            parts = path.relative_to(folder).parts
            if "mistakes" not in parts and not any(part.startswith(".") for part in parts):
                yield "/".join(parts)


def _seed(given: Path, wanted: Path) -> None:
    """Begin with what is known of the other tree, where nothing is known of this one."""
    if Kept(given).holds() and not Kept(wanted).holds():
        shutil.rmtree(wanted, ignore_errors=True)
        shutil.copytree(given, wanted)


def _cache(root: Path, name: str) -> Path:
    return root / ".dev" / "contracts" / "readers" / name


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One at a time in a checkout: a second one waits, and then finds all done."""
    lock = _cache(root, "lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


_HERE = Path(__file__).resolve().parents[3]
