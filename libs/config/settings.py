"""What every service is told by its environment. A service adds its own in its `config.py`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _address(text: str) -> str:
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("write it as host:port, for example 127.0.0.1:8001")
    return text


Address = Annotated[str, AfterValidator(_address)]


def _scheme(*schemes: str) -> AfterValidator:
    def check(url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return url

    return AfterValidator(check)


PostgresUrl = Annotated[SecretStr, _scheme("postgresql")]
ValkeyUrl = Annotated[SecretStr, _scheme("redis", "rediss", "unix")]


class _Given(BaseSettings):
    """Settings that are what `load` gives them: pydantic-settings would look into the environment
    by itself, past the files of secrets."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Any, *_: Any, **__: Any
    ) -> tuple[Any, ...]:
        """Nothing but what is given."""
        return (init_settings,)


class DatabaseSettings(_Given):
    """What looks at a service's database needs, and nothing more."""

    database_url: Annotated[
        PostgresUrl, Field(description="The service's database, as its runtime role")
    ]


class MigrationSettings(_Given):
    """What `migrate` needs."""

    migration_database_url: Annotated[
        PostgresUrl, Field(description="The service's database, as the role that owns its tables")
    ]


def _links(text: str) -> str:
    for link in text.split():
        name, _, url = link.partition("=")
        if not re.fullmatch(r"[a-z_]+", name) or not re.fullmatch(r"https?://[^/?#@\s]+", url):
            raise ValueError(f"{link!r} is not of the form users=http://127.0.0.1:8001")
    return text


class DocsSettings(_Given):
    """The console at /docs."""

    docs: Annotated[
        Literal["on", "off"], Field(description="Whether /docs has a console to try requests in")
    ] = "on"
    docs_links: Annotated[
        Annotated[str, AfterValidator(_links)] | None,
        Field(
            description="Consoles as browsers reach them: users=http://127.0.0.1:8001 orders=...; "
            "a log-in at users is handed to no others"
        ),
    ] = None


class WebSettings(DocsSettings):
    """The variables of every web process; of a service without a database these are all."""

    cache_url: Annotated[ValkeyUrl, Field(description="Valkey for throttles, sessions and carts")]
    service_key_file: Annotated[
        Path, Field(description="The service's own private key, P-256 in PEM")
    ]
    service_keys_dir: Annotated[
        Path, Field(description="The public keys of all services, <service>.pem each")
    ]
    run_dir: Annotated[
        Path | None,
        Field(description="State files and metrics of one web or worker; default /tmp/<service>"),
    ] = None
    http_bind: Annotated[Address, Field(description="Where the web process listens")] = (
        "0.0.0.0:8000"
    )
    web_workers: Annotated[int, Field(ge=1, le=64, description="Processes that serve requests")] = 2
    web_threads: Annotated[int, Field(ge=3, le=256, description="Threads of each")] = 8
    drain_s: Annotated[
        float,
        Field(ge=0, le=12, description="A web serves on for so long after SIGTERM, not ready"),
    ] = 5.0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="Lines below are not written"),
    ] = "info"
    log_format: Annotated[
        Literal["json", "console"], Field(description="For machines, or for people")
    ] = "json"


class _StoreSettings(DatabaseSettings):
    queue_url: Annotated[ValkeyUrl, Field(description="Valkey for the queue and doorbells")]


class Settings(WebSettings, _StoreSettings):
    """The variables of every service with a database; the field's name in upper case is the
    variable's. A secret may come from a file instead: DATABASE_URL_FILE names the file that holds
    DATABASE_URL."""

    worker_threads: Annotated[
        int, Field(ge=1, le=64, description="Jobs that the worker does at once")
    ] = 4
    metrics_bind: Annotated[
        Address | None,
        Field(description="Where the worker's probes and metrics listen; unset: nowhere"),
    ] = None
