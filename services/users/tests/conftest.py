"""The world of the users service: a real database and Valkey, no sockets to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from contracts.shared.ids import UserId
from contracts.users import v1 as users
from libs.access import ServiceTokens, SigningKeys, UserTokens
from libs.access.keys import load_private, new_key
from libs.client import Api, Peers
from libs.db import Database
from libs.keyvalue import KeyValue, Throttle
from libs.messaging import Messages
from libs.testing import (
    AnyToken,
    DeadNeighbour,
    Servers,
    TestDatabase,
    as_service,
    as_user,
    connect,
    nowhere,
)
from libs.testing.fixtures import servers
from services.users.app import create_app
from services.users.deps import NAME, PEERS, Deps
from services.users.passwords import Passwords

__all__ = ["servers"]

LOGIN_TRIES = 3


@pytest.fixture
def database(servers: Servers) -> Iterator[TestDatabase]:
    with servers.database("users") as made:
        yield made


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for kid in ("2026-01", "2026-02"):
        (folder / f"{kid}.pem").write_bytes(new_key()[0])
    return folder


@pytest.fixture
def deps(database: TestDatabase, servers: Servers, keys_dir: Path) -> Deps:
    signing_keys = SigningKeys(keys_dir)
    throttle = Throttle(
        KeyValue(servers.valkey.url), f"login:{database.name}", limit=LOGIN_TRIES, window_s=60
    )
    own_key = load_private(keys_dir / "2026-01.pem")
    peers = Peers(NAME, PEERS, nowhere("orders"), ServiceTokens(NAME, own_key))
    peers.put("orders", DeadNeighbour("orders"))
    return Deps(
        messages=Messages("users", Database(database.app_url, service="users"), servers.valkey.url),
        access=AnyToken(),
        peers=peers,
        passwords=Passwords(),
        login_throttle=throttle,
        signing_keys=signing_keys,
        tokens=UserTokens(signing_keys),
    )


@pytest.fixture
def app(deps: Deps) -> Flask:
    return create_app(deps)


@pytest.fixture
def anyone(app: Flask) -> Api:
    return connect(app)


@pytest.fixture
def user(app: Flask) -> Callable[[UserId], Api]:
    return lambda user_id: connect(app, user=as_user(user_id))


@pytest.fixture
def admin(app: Flask) -> Api:
    return connect(app, user=as_user(UserId("usr_" + "0" * 26), admin=True))


@pytest.fixture
def service(app: Flask) -> Api:
    return connect(app, service=as_service("notifications"))


@pytest.fixture
def ada(anyone: Api) -> users.Account:
    return anyone.send(ADA)


ADA = users.RegisterUser.model_validate(
    {"email": "Ada@example.com", "password": "correct horse", "name": "Ada Lovelace"}
)


@pytest.fixture
def published(deps: Deps) -> Callable[[], list[tuple[str, str, str]]]:
    """Reads what was published: name, key and data of each event, in order."""

    def read() -> list[tuple[str, str, str]]:
        with deps.messages.database.transaction() as session:
            rows = session.execute(text("SELECT type, key, data::text FROM feed ORDER BY seq"))
            return [(row.type, row.key, row.data) for row in rows]

    return read
