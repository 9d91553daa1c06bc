"""The keys that sign users' tokens, and how one takes over from another."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from joserfc.jwk import ECKey

from libs.access.keys import load_private
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

SCAN_AFTER_S = 60.0
# The key set itself is asked for seldom, but by anyone.
PUBLISHED_AFTER_S = 1.0
# Verifiers read the key set again every five minutes (keys.OUTDATED_AFTER_S), and a cache on the
# way may keep it as long: after ten everybody knows a key that was published.
RIPE_AFTER_S = 600.0


class SigningKeys:
    """The private keys in a folder, `<kid>.pem` each; name them so that later ones sort last.

    All are published at once; the last by name signs, once it has been published for ten minutes.
    The folder is read again each minute: put a new key there to rotate, and take the old one away
    when the last token that it signed is over (ten minutes after the new one has begun to sign).

    Raises ValueError when the folder holds no key, or a file that is none.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = Lock()
        self._scanned_at = clock()
        paths = sorted(folder.glob("*.pem"))
        if not paths:
            raise ValueError(f"{folder} holds no signing key; put a P-256 key as <kid>.pem there")
        # How long they were published before this process began, only the files can tell.
        self._keys = {path.stem: (load_private(path), path.stat().st_mtime) for path in paths}

    @property
    def newest(self) -> ECKey:
        """The key that signs now."""
        self._scan(SCAN_AFTER_S)
        now = self._clock()
        keys = list(self._keys.values())
        ripe = [key for key, since in keys if now - since >= RIPE_AFTER_S]
        # All are new: the service is, or the folder was mounted again. Then the first by name is
        # the one that verifiers are most likely to know.
        return ripe[-1] if ripe else keys[0][0]

    def find(self, kid: str) -> ECKey | None:
        """The key of this id, if it is one of ours."""
        self._scan(SCAN_AFTER_S)
        known = self._keys.get(kid)
        return known[0] if known else None

    def public_set(self) -> dict[str, list[dict[str, str | list[str]]]]:
        """The public halves as a JWKS, the last by name first."""
        self._scan(PUBLISHED_AFTER_S)
        keys = reversed(list(self._keys.values()))
        return {"keys": [key.as_dict(private=False) for key, _ in keys]}

    def _scan(self, after_s: float) -> None:
        now = self._clock()
        if 0 <= now - self._scanned_at < after_s or not self._lock.acquire(blocking=False):
            return
        try:
            self._scanned_at = now
            paths = sorted(self._folder.glob("*.pem"))
            if [path.stem for path in paths] == list(self._keys):
                return
            found: dict[str, tuple[ECKey, float]] = {}
            for path in paths:
                try:
                    found[path.stem] = self._keys.get(path.stem) or (load_private(path), now)
                except ValueError as error:
                    log.warning("signing key unreadable", why=str(error))
            if found:
                # A new dictionary, since other threads are reading the old one.
                self._keys = found
            else:
                log.error("no signing key is left", folder=str(self._folder))
        finally:
            self._lock.release()
