"""Who runs PostgreSQL, which refuses root, and where that account can reach.

A normal user runs it as herself, in the folder that she named. Root runs it as `nobody`, who can
enter neither root's home nor a private temporary folder. Then binaries and, if need be, the
cluster live under `/var/cache/concord`, which root alone may write; no folder's mode is changed.
"""

import hashlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_ROOT_CACHE = Path("/var/cache/concord")


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def account() -> Account | None:
    """The account to switch to, None if the present one will do."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def reachable_copy(name: str, fill: Callable[[Path], None]) -> Path:
    """A folder that `fill` filled once for this machine. Safe when two programs come at once:
    each fills its own, the first to finish gives the name."""
    target = _private_cache() / name
    if not target.exists():
        work = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=target.parent))
        work.chmod(0o755)
        try:
            fill(work)
            work.rename(target)
        except OSError:
            if not target.exists():
                raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return target


def reachable_home(data: Path) -> Path:
    """`data` itself if everybody may enter it, else a folder that stands for it."""
    place = data.resolve()
    closed = [folder for folder in (place, *place.parents) if not folder.stat().st_mode & 0o001]
    if not closed:
        return data
    if (data / "cluster").exists():
        raise PermissionError(
            f"root's PostgreSQL runs as nobody, who cannot enter {closed[-1]} any more, where it"
            f" kept its data; chmod o+x {closed[-1]}"
        )
    homes = _private_cache() / "data"
    homes.mkdir(mode=0o755, exist_ok=True)
    _sweep(homes)
    home = homes / hashlib.sha256(bytes(data.resolve())).hexdigest()[:16]
    home.mkdir(mode=0o755, exist_ok=True)
    (home / "stands-for").write_bytes(bytes(data.resolve()))
    return home


def _sweep(homes: Path) -> None:
    """Removes what stood for folders that are gone, so that tests leave nothing behind."""
    for home in homes.iterdir():
        try:
            gone = not Path(os.fsdecode((home / "stands-for").read_bytes())).exists()
        except FileNotFoundError:
            continue  # just being made
        if gone and not (home / "cluster" / "postmaster.pid").exists():
            shutil.rmtree(home, ignore_errors=True)


def _private_cache() -> Path:
    _ROOT_CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    mode = _ROOT_CACHE.lstat()
    if mode.st_uid != 0 or mode.st_mode & 0o022:
        raise PermissionError(
            f"{_ROOT_CACHE} is not root's alone, so programs must not be run from it; remove it"
        )
    return _ROOT_CACHE
