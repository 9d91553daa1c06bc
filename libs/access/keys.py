"""Where the keys of tokens come from: files for services', a key set for users'."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

# A key that nobody knows may be new, or made up; the source is asked at most this often.
REFRESH_AFTER_S = 5.0
# Known keys are read again in the background, so that new ones are known before they sign
# (signing.RIPE_AFTER_S) and removed ones are forgotten.
OUTDATED_AFTER_S = 300.0


class UserKeys:
    """The users service's public keys, read from its JWKS and kept: a token can be checked while
    users is down. `fetch` gives the JWKS as bytes, or raises Unavailable."""

    def __init__(
        self, fetch: Callable[[], bytes], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, ECKey] = {}
        self._tried_at: float | None = None
        self._lock = Lock()

    def find(self, kid: str) -> ECKey | None:
        """The key of this id, or None. Raises Unavailable when no key was ever read."""
        key = self._keys.get(kid)
        if key is not None:
            if self._elapsed() >= OUTDATED_AFTER_S and self._lock.acquire(blocking=False):
                Thread(target=self._refresh_behind, name="jwks", daemon=True).start()
            return key
        with self._lock:
            # Whoever waited for this lock finds what the one before them has read.
            if kid not in self._keys and self._elapsed() >= REFRESH_AFTER_S:
                self._refresh()
            if not self._keys:
                raise Unavailable("users", "its keys could not be read", retry_after_s=1)
            return self._keys.get(kid)

    def _elapsed(self) -> float:
        return float("inf") if self._tried_at is None else self._clock() - self._tried_at

    def _refresh_behind(self) -> None:
        try:
            self._refresh()
        finally:
            self._lock.release()

    def _refresh(self) -> None:
        self._tried_at = self._clock()
        try:
            published = _read(self._fetch())
        except Unavailable as error:
            log.warning("keys not refreshed", why=error.why)
            return
        if published:
            self._keys = published


class ServiceKeys:
    """The services' public keys, `<service>.pem` each in a folder that is mounted read-only. A
    file that changes is read again. Raises ValueError when there is no such folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder; put each service's public key there as PEM")
        self._folder = folder
        self._keys: dict[str, tuple[tuple[int, int, int], ECKey | None]] = {}

    def find(self, service: str) -> ECKey | None:
        """The public key of this service, or None."""
        if not (service.isascii() and service.replace("_", "").isalnum() and len(service) <= 100):
            return None
        path = self._folder / f"{service}.pem"
        try:
            state = path.stat()
        except OSError:
            # Forget it: names are made up by strangers, and this must not grow with them.
            self._keys.pop(service, None)
            return None
        version = (state.st_mtime_ns, state.st_ino, state.st_size)
        known = self._keys.get(service)
        if known is None or known[0] != version:
            known = self._keys[service] = (version, _public(path))
        return known[1]


def new_key() -> tuple[bytes, bytes]:
    """A new private key on P-256 and its public half, each in PEM."""
    key = ECKey.generate_key("P-256")
    return key.as_pem(private=True), key.as_pem(private=False)


def load_private(path: Path) -> ECKey:
    """A private key on P-256 in PEM; its id is the file's name. Raises ValueError naming the file
    and what is wrong with it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; make a P-256 private key in PEM there") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from None
    # Neither what the library says nor the bytes: either could show a part of a key.
    try:
        key = ECKey.import_key(data, {"kid": path.stem, "use": "sig", "alg": "ES256"})
    except (JoseError, ValueError, TypeError):
        raise ValueError(f"{path} is no unencrypted EC key in PEM") from None
    if not key.is_private or key.curve_name != "P-256":
        raise ValueError(f"{path} must be a private key on P-256, as ES256 needs")
    return key


def _public(path: Path) -> ECKey | None:
    try:
        key = ECKey.import_key(path.read_bytes())
        if key.curve_name == "P-256":
            return key
        why = f"it is on {key.curve_name}, not on P-256"
    except (JoseError, ValueError, TypeError, OSError) as error:
        why = type(error).__name__
    log.warning("service key unreadable", file=str(path), why=why)
    return None


def _read(data: bytes) -> dict[str, ECKey]:
    """The keys of a JWKS by their ids. Raises Unavailable for what is none."""
    try:
        parsed: KeySetSerialization = json.loads(data)
        keys = KeySet.import_key_set(parsed).keys
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unavailable("users", f"its keys are no JWKS ({type(error).__name__})") from error
    return {
        key.kid: key
        for key in keys
        if isinstance(key, ECKey) and key.kid and key.curve_name == "P-256"
    }
