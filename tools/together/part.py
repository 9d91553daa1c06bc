"""One service of the process: made as its own programs make it, from an environment of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask

from libs.access import Access, ServiceKeys, UserKeys
from libs.client import LocalNeighbour
from libs.config import Settings, WebSettings, load
from libs.messaging import Worker
from libs.operations.errors import Unavailable
from libs.web import dispatcher_of

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A service's web side, and what its worker will be made from."""

    name: str
    environment: Environment
    settings: WebSettings
    deps: Any
    app: Flask

    @property
    def port(self) -> int:
        """Where it listens; no other part does."""
        return int(self.settings.http_bind.rpartition(":")[2])


def parts_of(environments: Mapping[str, Environment]) -> tuple[Part, ...]:
    """The services of these names, each knowing the others as neighbours in this process. Raises
    ConfigurationError or ValueError naming the variable that is wrong."""
    made: dict[str, Part] = {}
    # users first: it has the keys that the others check tokens with.
    for name in sorted(environments, key=lambda name: name != "users"):
        made[name] = _part(name, environments[name], made.get("users"))
    for part in made.values():
        _introduce(part.deps, made)
    return tuple(made.values())


def worker_of(part: Part, parts: Sequence[Part]) -> Worker:
    """The service's worker with deps of its own, as in a process of its own: it and the web don't
    wait for each other's connections. Not started yet; to be made after the fork."""
    assert isinstance(part.settings, Settings)
    deps = _deps(part.name, part.environment)
    _introduce(deps, {each.name: each for each in parts})
    deps.peers.check(f"services.{part.name}")
    return Worker(
        deps.messages,
        deps,
        consumers=_table(part.name, "consumers"),
        jobs=_table(part.name, "jobs"),
        feed_of=deps.peers.feed_of,
        job_threads=part.settings.worker_threads,
    )


def _part(name: str, environment: Environment, users: Part | None) -> Part:
    settings = load(import_module(f"services.{name}.main").program.settings, environment)
    deps = _deps(name, environment)
    if users is not None and hasattr(deps, "access") and isinstance(settings, Settings):
        keys = UserKeys(lambda: _keys_of(users.app))
        deps = replace(deps, access=Access(name, keys, ServiceKeys(settings.service_keys_dir)))
    if isinstance(settings, Settings):
        # As many connections as its processes would have.
        deps.messages.database.reserve(settings.web_workers * settings.web_threads)
    with _environ(environment):
        app = import_module(f"services.{name}.app").create_app(deps)
    return Part(name, environment, settings, deps, app)


def _deps(name: str, environment: Environment) -> Any:
    with _environ(environment):
        return import_module(f"services.{name}.deps").from_environment()


def _introduce(deps: Any, parts: Mapping[str, Part]) -> None:
    """Who is in this process is asked through its dispatch: bytes, but no socket."""
    for name in deps.peers.names:
        if name in parts:
            deps.peers.put(name, LocalNeighbour(dispatcher_of(parts[name].app)))


def _keys_of(users: Flask) -> bytes:
    # Over its socket it could wait for a thread while every thread waits for it.
    answer = users.test_client().get("/.well-known/jwks.json")
    if answer.status_code != 200:
        raise Unavailable("users", f"it answered {answer.status_code} for its keys")
    return bytes(answer.data)


def _table(name: str, module: str) -> Any:
    """The table at the end of a service's `consumers.py` or `jobs.py`; empty where it has none."""
    whole = f"services.{name}.{module}"
    return getattr(import_module(whole), module) if find_spec(whole) else ()


@contextmanager
def _environ(environment: Environment) -> Iterator[None]:
    """The process's environment replaced for as long as deps are made from it: no service sees
    another one's variables. Only while this process has one thread."""
    ours = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(ours)
