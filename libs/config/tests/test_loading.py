"""Configuration: each variable that is wrong is named, and no secret is."""

from __future__ import annotations

from pathlib import Path

import pytest

from libs import config
from libs.config import ConfigurationError, MigrationSettings, Settings, load, peer_urls

GOOD = {
    "DATABASE_URL": "postgresql://users_app:hunter2@db/users",
    "QUEUE_URL": "redis://queue:6379/0",
    "CACHE_URL": "rediss://cache:6379/0",
    "SERVICE_KEY_FILE": "/keys/users.pem",
    "SERVICE_KEYS_DIR": "/keys/public",
}


def refused(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(Settings, environ)
    assert "hunter2" not in str(error.value) and "\n" not in str(error.value)
    return str(error.value)


def test_what_is_not_said_has_its_default() -> None:
    settings = load(Settings, GOOD)

    assert (settings.http_bind, settings.web_workers, settings.web_threads) == (
        "0.0.0.0:8000",
        2,
        8,
    )
    assert settings.service_key_file == Path("/keys/users.pem")
    assert (settings.run_dir, settings.metrics_bind, settings.log_format) == (None, None, "json")


def test_a_secret_does_not_show_itself() -> None:
    settings = load(Settings, GOOD)

    assert "hunter2" not in repr(settings)
    assert "hunter2" in settings.database_url.get_secret_value()


def test_every_missing_variable_is_named() -> None:
    assert refused({}) == "; ".join(f"{name}: is required and not set" for name in GOOD)


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@db/users", "must begin with postgresql://"),
        ("DATABASE_URL", "", "must begin with postgresql://"),
        ("QUEUE_URL", "http://hunter2", "must begin with redis:// or rediss:// or unix://"),
        ("HTTP_BIND", "8000", "write it as host:port"),
        ("HTTP_BIND", ":8000", "write it as host:port"),
        ("HTTP_BIND", "a:99999", "write it as host:port"),
        ("METRICS_BIND", "nowhere", "write it as host:port"),
        ("WEB_WORKERS", "many", "valid integer"),
        ("WEB_WORKERS", "0", "greater than or equal to 1"),
        ("WEB_THREADS", "2", "greater than or equal to 3"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("LOG_FORMAT", "xml", "'json' or 'console'"),
    ],
)
def test_a_bad_variable_is_named_with_the_reason(variable: str, value: str, why: str) -> None:
    said = refused(GOOD | {variable: value})

    assert said.startswith(f"{variable}: ")
    assert why in said


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    bad = {"HTTP_BIND": "x", "WEB_WORKERS": "x", "CACHE_URL_FILE": "/none", "QUEUE_URL": "x"}

    said = refused(GOOD | bad | {"QUEUE_URL_FILE": "/none"})

    for variable in ("HTTP_BIND", "WEB_WORKERS", "CACHE_URL", "QUEUE_URL"):
        assert variable in said
    assert said.count(";") >= 3


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(GOOD["DATABASE_URL"] + "\n")
    environ = {name: value for name, value in GOOD.items() if name != "DATABASE_URL"}

    settings = load(Settings, environ | {"DATABASE_URL_FILE": str(file)})

    assert settings.database_url.get_secret_value() == GOOD["DATABASE_URL"]


def test_a_secret_that_is_set_twice_is_refused(tmp_path: Path) -> None:
    said = refused(GOOD | {"DATABASE_URL_FILE": str(tmp_path / "url")})

    assert said == "DATABASE_URL and DATABASE_URL_FILE are both set; unset one of them"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    environ = {name: value for name, value in GOOD.items() if name != "DATABASE_URL"}
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    for file, why in (
        (tmp_path / "none", "cannot be read (No such file or directory)"),
        (tmp_path, "cannot be read (Is a directory)"),
        (tmp_path / "binary", "holds no text"),
    ):
        assert refused(environ | {"DATABASE_URL_FILE": str(file)}) == (
            f"DATABASE_URL_FILE: {file} {why}"
        )


def test_nothing_but_what_is_given_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATION_DATABASE_URL", "postgresql://somewhere")

    with pytest.raises(ConfigurationError, match="MIGRATION_DATABASE_URL: is required"):
        load(MigrationSettings, {})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001",
        "http://users:8000/",
        "https://users.internal",
        "http://[::1]:8001",
        "http://gateway/users/",
    ],
)
def test_an_address_of_a_neighbour_is_read(url: str) -> None:
    assert peer_urls({"PEER_USERS_URL": url, "PATH": "/bin"}) == {"users": url.rstrip("/")}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "users:8000",
        "ftp://users",
        "http://",
        "http://:8000",
        "http://users:99999",
        "http://users:port",
        "http://users:0",
        "http://[::1",
        "http://me:hunter2@users",
        "http://users/?x=1",
        "http://users/#x",
        "http://us ers",
        "http://users\n",
        "http://üsers",
    ],
)
def test_what_is_no_address_is_refused_by_the_name_of_its_variable(url: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        peer_urls({"PEER_USERS_URL": url, "PEER_ORDERS_URL": "x", "PEER_CATALOG_URL": "http://a"})

    assert str(error.value) == (
        "PEER_ORDERS_URL: write it as http://host:port; "
        "PEER_USERS_URL: write it as http://host:port"
    )


def test_the_package_exports_what_it_lists() -> None:
    assert config.__all__ == sorted(config.__all__, key=lambda name: (name.islower(), name))
    assert all(hasattr(config, name) for name in config.__all__)
