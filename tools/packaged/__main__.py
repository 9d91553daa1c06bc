"""`./pants run tools/packaged/__main__.py -- [--junit FILE]`: does what is in dist/ run by itself?

Each PEX and each image migrates an empty database, starts its web and its worker, becomes ready and
healthy, and ends with 0 when it is asked to. The images are confined as deploy/README.md says.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from libs.servers import free_port
from tools.packaged.programs import Image, Pex, Program, Running
from tools.packaged.world import World, world

READY_WITHIN_S = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.packaged", description=__doc__)
    parser.add_argument(
        "--dist", type=Path, default=Path("dist"), help="where ./pants package wrote"
    )
    parser.add_argument("--pexes-only", action="store_true", help="leave the images out")
    parser.add_argument("--junit", type=Path, help="write a JUnit report here")
    options = parser.parse_args()

    pexes = {
        folder.name.removeprefix("services."): file
        for folder in sorted(options.dist.resolve().glob("services.*"))
        if (file := folder / f"{folder.name.removeprefix('services.')}.pex").is_file()
    }
    if not pexes:
        print(f"{options.dist} holds no PEX, so there is nothing to prove", file=sys.stderr)
        return 0
    claims = Claims()
    with tempfile.TemporaryDirectory(prefix="packaged") as folder:
        with world(Path(folder, "pexes"), list(pexes)) as around:
            prove(claims, around, {name: Pex(pexes[name], Path(folder)) for name in pexes}, "PEX")
        if not options.pexes_only:
            with world(Path(folder, "images"), list(pexes)) as around:
                images = {name: Image(f"concord/{name}:dev", around.keys) for name in pexes}
                for name, image in images.items():
                    confine(claims, name, image)
                prove(claims, around, dict(images), "image")
    if options.junit:
        claims.write(options.junit)
    return 1 if any(claims.failures.values()) else 0


@dataclass
class Claims:
    """What was claimed, and why it doesn't hold: None where it does."""

    failures: dict[str, str | None] = field(default_factory=dict)
    took_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def claim(self, text: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
            self.failures[text] = None
        except Exception as error:  # one that fails leaves the others to be looked at
            self.failures[text] = "".join(traceback.format_exception(error))
            print(f"not so: {text}: {error}", file=sys.stderr)
        self.took_s[text] = time.monotonic() - began

    def write(self, path: Path) -> None:
        suite = ElementTree.Element("testsuite", name="packaged")
        for text, failure in self.failures.items():
            case = ElementTree.SubElement(suite, "testcase", classname="packaged", name=text)
            case.set("time", f"{self.took_s[text]:.2f}")
            if failure:
                ElementTree.SubElement(case, "failure").text = failure
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(suite).write(path, encoding="unicode", xml_declaration=True)


def confine(claims: Claims, name: str, image: Image) -> None:
    with claims.claim(f"the image of {name} has a user, a health check, and no tool of ours"):
        config = image.config()
        assert config["User"] == "10001:10001", config["User"]
        assert config["Healthcheck"]["Test"][-1] == "healthy", config["Healthcheck"]
        assert (unwanted := image.unwanted()) == [], f"it has {', '.join(unwanted)}"


def prove(claims: Claims, around: World, programs: dict[str, Program], kind: str) -> None:
    for name, program in programs.items():
        if name not in around.databases:
            continue
        with claims.claim(f"the {kind} of {name} migrates an empty database"):
            migrated = program.run("migrate", around.migration(name))
            assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    started: list[tuple[str, Running]] = []
    for command in ("web", "worker"):
        for name, program in programs.items():
            if command == "worker" and name not in around.databases:
                continue
            with claims.claim(f"the {kind} of {name} gets its {command} ready and healthy"):
                environment = around.environment(name)
                if command == "worker":
                    environment["METRICS_BIND"] = f"127.0.0.1:{free_port()}"
                running = program.start(command, environment)
                started.append((f"the {kind} of {name} ends its {command} with 0", running))
                address = environment["HTTP_BIND" if command == "web" else "METRICS_BIND"]
                becomes_ready(running, f"http://{address}/readyz")
    for text, running in reversed(started):
        with claims.claim(text):
            said = running.log()
            assert (status := running.end()) == 0, f"{status}, after it said: {said[-2000:]}"


def becomes_ready(running: Running, url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    answer = "nothing"
    while time.monotonic() < deadline:
        assert running.alive(), f"it ended by itself, and said: {running.log()[-2000:]}"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                answer = f"{response.status}"
            if running.is_healthy():
                return
            answer += ", but it is not healthy"
        except urllib.error.HTTPError as error:
            answer = f"{error.code}: {error.read()[:500]!r}"
        except OSError as error:
            answer = str(error)
        time.sleep(0.2)
    raise AssertionError(
        f"{url} answered {answer} after {READY_WITHIN_S:.0f} s; it said: {running.log()[-2000:]}"
    )


if __name__ == "__main__":
    sys.exit(main())
