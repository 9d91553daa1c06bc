"""A disk that is full: nothing can be written until there is room again, and nothing may be lost."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from tools.faults.fault import Fault, was_met
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.volumes import Volume, why_not
from tools.faults.world import World

_VALKEY_BYTES = 64 << 20
# PostgreSQL writes its log ahead in files of 16 MiB, and some more than it needs at a time.
_POSTGRES_ROOM_BYTES = 192 << 20
_AGAIN_S = 0.5
# As both servers complain of it in their logs; Valkey of a write that the last bytes still fitted.
_REFUSALS = (b"No space left on device", b"Short write")


class DiskFull(Fault):
    """A server's folder is moved to a small volume, which is then filled by somebody else's file."""

    def __init__(self, server: str, name: str, what: str) -> None:
        super().__init__()
        self.server = server
        self.name = name
        self.what = what
        self.hurts = frozenset({server})
        self._volume: Volume | None = None
        self._looks = self._full = self._refusals = 0
        self._lifted = threading.Event()
        self._thread: threading.Thread | None = None

    def can_run(self, world: World) -> str | None:
        """Where a volume can be mounted."""
        return why_not()

    def prepare(self, world: World, chance: random.Random) -> None:
        """Stop it, mount the volume over its folder with all that was in it, start it."""
        folder = world.folder(self.server)
        world.stop_server(self.server)
        aside = folder.with_name(f"{folder.name}.aside")
        folder.rename(aside)
        folder.mkdir()
        shutil.copystat(aside, folder)
        _own(folder, aside)
        try:
            size = (
                _VALKEY_BYTES if self.server != "postgres" else _size(aside) + _POSTGRES_ROOM_BYTES
            )
            self._volume = Volume(folder, size, whose=world.places.dev)
            _copy(aside, folder)
        finally:
            world.release(self.server)
        world.wait_until_ready(self.server)

    def inject(self, world: World, chance: random.Random) -> None:
        """Fill it, and what becomes free meanwhile."""
        self._looks = self._full = 0
        self._refusals = -self._refused(world)
        self._lifted.clear()
        self._thread = threading.Thread(target=self._keep_full, daemon=True)
        self._thread.start()

    def lift(self, world: World) -> None:
        """There is room again. A server that has died of it is started once more at once."""
        self._lifted.set()
        if self._thread is not None:
            self._thread.join()
        if self._volume is not None:
            self._volume.make_room()
        world.release(self.server)
        world.wait_until_ready(self.server)
        self._refusals += self._refused(world)
        self.figures["looks at a full disk"] = f"{self._full} of {self._looks}"
        self.figures["times the server found no space"] = self._refusals

    def tidy(self, world: World) -> None:
        """Move it back to where it was."""
        if self._volume is None:
            return
        folder = self._volume.folder
        aside = folder.with_name(f"{folder.name}.aside")
        world.stop_server(self.server)
        try:
            shutil.rmtree(aside)
            aside.mkdir()
            shutil.copystat(folder, aside)
            _own(aside, folder)
            _copy(folder, aside)
            self._volume.unmount()
            self._volume = None
            folder.rmdir()
            aside.rename(folder)
        finally:
            world.release(self.server)
        world.wait_until_ready(self.server)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """The server wanted to write, and could not. How soon it wants more room is its own affair."""
        if self._full:
            return (was_met(self._refusals, "the server needed no more room", surely=False),)
        return (was_met(0, "the disk had room all the time"),)

    def _refused(self, world: World) -> int:
        log = world.places.log(self.server).read_bytes()
        return sum(log.count(words) for words in _REFUSALS)

    def _keep_full(self) -> None:
        assert self._volume is not None
        while True:
            self._looks += 1
            self._full += not self._volume.free_bytes
            self._volume.fill()
            if self._lifted.wait(_AGAIN_S):
                return


def _copy(source: Path, target: Path) -> None:
    """All that is in it, with its owners and modes."""
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_symlink():
            copy.symlink_to(path.readlink())
        elif path.is_dir():
            copy.mkdir()
            shutil.copystat(path, copy)
        elif path.is_file():
            shutil.copy2(path, copy)
        else:
            continue  # a socket: its server makes it anew
        _own(copy, path)


def _own(target: Path, like: Path) -> None:
    found = like.lstat()
    shutil.chown(target, found.st_uid, found.st_gid)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def faults(services: Sequence[str]) -> list[Fault]:
    """The queue's, and everybody's."""
    return [
        DiskFull("valkey_queue", "disk-full-valkey", "the disk of the queue's Valkey is full"),
        DiskFull("postgres", "disk-full-postgres", "the disk of PostgreSQL is full"),
    ]
