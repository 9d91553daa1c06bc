"""Volumes of a limited size: memory that is mounted over a server's folder, where we may mount."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from zlib import crc32

_SOURCE = "concord-faults"  # and whose; as `mount` shows it
_BALLAST = "ballast"
_CHUNK = 1 << 20


def why_not() -> str | None:
    """Why no volume can be mounted here; None when it can."""
    if os.geteuid() != 0:
        return "a volume of limited size has to be mounted, and only root may mount"
    with tempfile.TemporaryDirectory() as folder:
        if why := _run("mount", "-t", "tmpfs", "-o", "size=1m", _SOURCE, folder):
            return f"a volume of limited size cannot be mounted here: {why}"
        _run("umount", folder)
    return None


class Volume:
    """So many bytes at `folder`, which hides what is in it until `unmount`, for the run that keeps
    its things in `whose`. Raises OSError when that can't be."""

    def __init__(self, folder: Path, size: int, *, whose: Path) -> None:
        self.folder = folder
        self._owner = folder.stat()
        mode = self._owner.st_mode & 0o7777
        options = f"size={size},mode={mode:o},uid={self._owner.st_uid},gid={self._owner.st_gid}"
        if why := _run("mount", "-t", "tmpfs", "-o", options, _source(whose), str(folder)):
            raise OSError(f"{folder} cannot be mounted: {why}")

    def fill(self) -> None:
        """Until not a byte more fits."""
        with (self.folder / _BALLAST).open("ab", buffering=0) as ballast:
            for size in (_CHUNK, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(bytes(size))

    @property
    def free_bytes(self) -> int:
        """What still fits."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def make_room(self) -> None:
        """What `fill` took is free again."""
        (self.folder / _BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """What is on the volume is gone, and what it hid is there again."""
        _unmount(self.folder)


def unmount_leftovers(whose: Path) -> None:
    """Volumes that a run left mounted which was killed."""
    for line in reversed(Path("/proc/mounts").read_text(encoding="utf-8").splitlines()):
        source, where, *_ = line.split(" ")
        if source == _source(whose):
            # The kernel writes a blank as \040.
            _unmount(Path(where.encode("latin-1").decode("unicode_escape")))


def _source(whose: Path) -> str:
    return f"{_SOURCE}-{crc32(bytes(whose.resolve())):08x}"


def _unmount(folder: Path) -> None:
    # Lazily if need be: a server that was just killed may hold it for a moment longer.
    if _run("umount", str(folder)) and (why := _run("umount", "--lazy", str(folder))):
        raise OSError(f"{folder} cannot be unmounted: {why}")


def _run(*command: str) -> str:
    """What it complained of; empty when it went well."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"exit {done.returncode}"
