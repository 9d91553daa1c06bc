"""A real PostgreSQL: passwords checked (SCRAM), TCP on the loopback address, nothing else."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psutil

from libs.servers import _ports
from libs.servers._accounts import account, reachable_home
from libs.servers._binaries import postgres_programs
from libs.servers._process import Process, ServerFailed, tail

SUPERUSER = "postgres"

_START_S = 60.0  # crash recovery of a developer's database takes seconds
_LEFTOVER_S = 20.0
_POLL_S = 0.01
_STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))  # "fast", then "immediate"
_SETTINGS = {
    "listen_addresses": _ports.HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One PostgreSQL server; start it with `with` or `start()`, end it with `stop()`.

    `data` None is a temporary folder that goes with the server. `port` None is a free one, kept
    over restarts. Without `durable` a crash of the machine may lose data: for tests. The server is
    stopped when this program ends, killed with -9 included, unless it is `detached`.
    """

    def __init__(
        self,
        data: Path | None = None,
        port: int | None = None,
        *,
        durable: bool = True,
        detached: bool = False,
        log: Path | None = None,
    ) -> None:
        if data is None and detached:
            raise ValueError("a detached server needs a folder that outlives this program")
        self._temporary = data is None
        self._data = data
        self._port = port
        self._log = log
        self._settings = _SETTINGS if durable else _SETTINGS | _NOT_DURABLE
        self._durable = durable
        self._detached = detached
        self._process: Process | None = None
        self._password = ""

    def start(self, spawned: Callable[[int], None] = lambda pid: None) -> Self:
        """Returns when the server takes connections; does nothing if it already does.

        `spawned` hears the process's number at once, before the server is ready. Raises
        ServerFailed if it can't start, with the end of its log."""
        if self.alive:
            return self
        data = self._folder()
        home = reachable_home(data) if account() else data
        cluster = home / "cluster"
        self._password = _kept_password(data)
        if not (cluster / "PG_VERSION").exists():
            self._make(cluster)
        _wait_for_leftover(cluster)
        log = self._log or data / "postgres.log"
        attempts = 1 if self._port else 5
        for attempt in range(1, attempts + 1):
            port = self._port or _ports.free_port()
            try:
                self._launch(cluster, port, log, spawned)
            except ServerFailed:
                if attempt == attempts or _ports.is_free(port):
                    raise  # else somebody was faster with that port: try another
            else:
                self._port = port
                break
        return self

    def stop(self) -> None:
        """Returns when the server is gone. Safe to repeat."""
        if self._process is not None:
            self._process.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("this PostgreSQL was not started")
        return self._process.pid

    @property
    def port(self) -> int:
        if self._port is None:
            raise RuntimeError("this PostgreSQL has no port yet: start it first")
        return self._port

    def dsn(self, user: str, password: str, database: str) -> str:
        """The URL of a database for that role, with what needs quoting quoted."""
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@{_ports.HOST}:{self.port}/{quote(database, safe='')}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """For provisioning and tests; a service never gets it."""
        return self.dsn(SUPERUSER, self._password, database)

    def _folder(self) -> Path:
        if self._data is None or (self._temporary and not self._data.exists()):
            self._data = Path(tempfile.mkdtemp(prefix="pg-"))
            self._data.chmod(0o711)  # root's `nobody` passes through; nobody else can list it
        else:
            self._data.mkdir(parents=True, exist_ok=True)
        return self._data

    def _make(self, cluster: Path) -> None:
        """Makes the cluster aside and renames it, so that a killed start leaves no half of one."""
        who = account()
        new = cluster.with_name("cluster.new")
        password = cluster.with_name("password.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        password.unlink(missing_ok=True)
        _write_secret(password, self._password)
        if who:
            os.chown(new, who.uid, who.gid)
            os.chown(password, who.uid, who.gid)
        command = [str(postgres_programs() / "initdb"), "-D", str(new), "-U", SUPERUSER]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        # PostgreSQL's own collation: the same order on every machine, whatever locales it has.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command += [] if self._durable else ["--no-sync"]
        try:
            made = subprocess.run(
                command,
                check=False,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
                user=who.uid if who else None,
                group=who.gid if who else None,
                extra_groups=[] if who else None,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerFailed(f"initdb in {new} took more than 120 s") from error
        finally:
            password.unlink(missing_ok=True)
        if made.returncode != 0:
            raise ServerFailed(f"initdb in {new} failed: {' / '.join(made.stderr.splitlines())}")
        (new / "pg_hba.conf").write_text(f"host all all {_ports.HOST}/32 scram-sha-256\n")
        new.rename(cluster)

    def _launch(self, cluster: Path, port: int, log: Path, spawned: Callable[[int], None]) -> None:
        settings = self._settings | {"port": str(port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        process = Process(
            [str(postgres_programs() / "postgres"), "-D", str(cluster), *options],
            log=log,
            steps=_STOP,
            account=account(),
            detached=self._detached,
            remove=self._data if self._temporary else None,
        )
        spawned(process.pid)
        patience_ends = time.monotonic() + _START_S
        while not _is_ready(cluster, process.pid):
            if not process.alive:
                raise ServerFailed(f"PostgreSQL on port {port} stopped at once: {tail(log)}")
            if time.monotonic() > patience_ends:
                process.stop()
                raise ServerFailed(f"PostgreSQL is not ready after {_START_S:g} s; see {log}")
            time.sleep(_POLL_S)
        self._process = process


def _is_ready(cluster: Path, pid: int) -> bool:
    """What pg_ctl looks at too: the last line of postmaster.pid."""
    lines = _pid_file(cluster)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _wait_for_leftover(cluster: Path) -> None:
    """Lets a server whose program was just killed finish; forgets one that is long gone."""
    patience_ends = time.monotonic() + _LEFTOVER_S
    while len(lines := _pid_file(cluster)) >= 3:
        pid, since = int(lines[0]), int(lines[2])
        try:
            same = abs(psutil.Process(pid).create_time() - since) < 60
        except psutil.NoSuchProcess:
            return  # PostgreSQL sees that itself and recovers
        if not same:
            # Another program has got the number since. PostgreSQL would refuse to start.
            (cluster / "postmaster.pid").unlink(missing_ok=True)
            return
        if time.monotonic() > patience_ends:
            raise ServerFailed(f"a PostgreSQL already runs on {cluster} (pid {pid}); stop it first")
        time.sleep(_POLL_S)


def _kept_password(data: Path) -> str:
    kept = data / "superuser-password"
    try:
        return kept.read_text()
    except FileNotFoundError:
        password = secrets.token_urlsafe(24)
        _write_secret(kept, password)
        return password


def _write_secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
