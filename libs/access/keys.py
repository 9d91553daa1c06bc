"""Where the keys of tokens come from: files for our own, files or a key set for others'."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

from libs.operations.errors import Unavailable

# A key that nobody knows may be new, or made up; the source is asked at most this often.
REFRESH_AFTER_S = 5.0


class SigningKeys:
    """The private keys in a folder, `<kid>.pem` each. The last by name signs; all are published,
    so that two are good while one takes over from the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = {path.stem: _private(path) for path in sorted(folder.glob("*.pem"))}
        if not self._keys:
            raise ValueError(f"{folder} holds no signing key; put a P-256 key as <kid>.pem there")

    @property
    def newest(self) -> ECKey:
        """The key that signs from now on."""
        return list(self._keys.values())[-1]

    def find(self, kid: str) -> ECKey | None:
        """The key of this id, if it is one of ours."""
        return self._keys.get(kid)

    def public_set(self) -> dict[str, list[dict[str, str | list[str]]]]:
        """The public halves as a JWKS, the signing one first."""
        return {"keys": [key.as_dict(private=False) for key in reversed(self._keys.values())]}


class UserKeys:
    """The users service's public keys, read from its JWKS and kept: a token can be checked while
    users is down. `fetch` gives the JWKS as bytes, or raises Unavailable."""

    def __init__(self, fetch: Callable[[], bytes]) -> None:
        self._fetch = fetch
        self._keys: dict[str, ECKey] = {}
        self._tried_at: float | None = None
        self._lock = Lock()

    def find(self, kid: str) -> ECKey | None:
        """The key of this id, or None. Raises Unavailable when no key was ever read."""
        if kid in self._keys:
            return self._keys[kid]
        with self._lock:
            recent = (
                self._tried_at is not None and time.monotonic() - self._tried_at < REFRESH_AFTER_S
            )
            if kid not in self._keys and not (recent and self._keys):
                self._refresh()
        return self._keys.get(kid)

    def _refresh(self) -> None:
        self._tried_at = time.monotonic()
        try:
            published = KeySet.import_key_set(_key_set(self._fetch()))
        except Unavailable:
            if not self._keys:
                raise
            return
        self._keys = {key.kid: key for key in published.keys if isinstance(key, ECKey) and key.kid}


class ServiceKeys:
    """The services' public keys, `<service>.pem` each in a folder that is mounted read-only. A
    file that changes is read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, tuple[float, ECKey]] = {}

    def find(self, service: str) -> ECKey | None:
        """The public key of this service, or None."""
        if not service.replace("_", "").isalnum():
            return None
        path = self._folder / f"{service}.pem"
        try:
            changed = path.stat().st_mtime
        except OSError:
            return None
        known = self._keys.get(service)
        if known is None or known[0] != changed:
            try:
                known = self._keys[service] = (changed, ECKey.import_key(path.read_bytes()))
            except (JoseError, ValueError, OSError):
                return None
        return known[1]


def _private(path: Path) -> ECKey:
    try:
        key = ECKey.import_key(path.read_bytes(), {"kid": path.stem, "use": "sig", "alg": "ES256"})
    except (JoseError, ValueError) as error:
        raise ValueError(f"{path} is no EC key in PEM: {error}") from error
    if not key.is_private or key.curve_name != "P-256":
        raise ValueError(f"{path} must be a private key on P-256, as ES256 needs")
    return key


def new_key() -> tuple[bytes, bytes]:
    """A new private key on P-256 and its public half, each in PEM."""
    key = ECKey.generate_key("P-256")
    return key.as_pem(private=True), key.as_pem(private=False)


def load_private(path: Path) -> ECKey:
    """A service's own private key. Raises ValueError naming the file and what is wrong with it."""
    if not path.is_file():
        raise ValueError(f"{path} does not exist; make a P-256 private key in PEM there")
    return _private(path)


def _key_set(data: bytes) -> KeySetSerialization:
    keys: KeySetSerialization = json.loads(data)
    return keys
