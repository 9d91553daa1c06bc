"""A folder of keys as a deployment has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from libs.access import ServiceKeys, SigningKeys
from libs.access.keys import load_private, new_key


@dataclass
class Keys:
    """Users' signing keys `a` and `b`, and the services orders and users with their own."""

    users: SigningKeys
    services: ServiceKeys
    private: dict[str, ECKey]
    folder: Path


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    (folder / "signing").mkdir()
    (folder / "services").mkdir()
    private = {}
    for kid in ("a", "b"):
        path = folder / "signing" / f"{kid}.pem"
        path.write_bytes(new_key()[0])
        private[kid] = load_private(path)
    for service in ("orders", "users"):
        mine, public = new_key()
        # Not named after the service: nobody promises that.
        path = folder / f"{service}-secret.pem"
        path.write_bytes(mine)
        (folder / "services" / f"{service}.pem").write_bytes(public)
        private[service] = load_private(path)
    return Keys(SigningKeys(folder / "signing"), ServiceKeys(folder / "services"), private, folder)
