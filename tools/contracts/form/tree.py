"""The contracts of a checkout, or of a revision: their forms, and what their models take and refuse.

    with Tree.at(root, "main") as old, Tree.of(root) as new:
        old.pages()["contracts.orders.v1"]
        new.validate("answer", "contracts.orders.v1", "Order", {"order_id": "ord_1"})

Forms are kept by the content of what they come from, so that an edit of one contract costs one contract.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from tools.contracts.form.model import Json, Page, Place
from tools.contracts.form.text import decode, load

if TYPE_CHECKING:  # started by its name, so that only this tells Pants of it
    from tools.contracts.form import worker  # noqa: F401

Direction = Literal["request", "answer", "problem", "event"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A page that cannot be imported: where, and the first line of why."""

    module: str
    where: Place
    sentence: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The payload was read; `written` is what the model writes again."""

    written: Json


@dataclass(frozen=True, slots=True)
class Refused:
    """The payload was refused, and why."""

    error: str


class NoSuchRevision(ValueError):
    """git knows no such revision, or it has no contracts."""


class Tree:
    """A folder that holds `contracts/`. A process is started only when something has to be imported."""

    def __init__(self, folder: Path, kept: Path, *, recorded_will_do: bool) -> None:
        self.folder = folder.resolve()
        self._kept = kept.resolve()
        # An old tree may need an old language, which the recorder of today can't read.
        self._recorded_will_do = recorded_will_do
        self._process: subprocess.Popen[str] | None = None

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The contracts as they stand in this folder."""
        return cls(folder, _kept(folder), recorded_will_do=False)

    @classmethod
    def at(cls, root: Path, revision: str) -> Self:
        """The contracts of the revision of this checkout. Raises NoSuchRevision."""
        asked = f"{revision}:contracts"
        git = ("git", "-C", str(root))
        found = subprocess.run(
            [*git, "rev-parse", "--verify", "--quiet", asked], capture_output=True, text=True
        )
        if found.returncode:
            raise NoSuchRevision(f"git knows no contracts at {revision!r}")
        tree = found.stdout.strip()
        folder = _kept(root) / "trees" / tree
        if not folder.exists():
            _unpack(git, tree, folder)
        os.utime(folder)
        _forget(folder.parent, keep=20)
        return cls(folder, _kept(root), recorded_will_do=True)

    def modules(self) -> tuple[str, ...]:
        """The pages: each version of each service's contract, then those of the language."""
        found = sorted(self.folder.glob("contracts/*/v[0-9]*.py"))
        own = [self.folder / f"contracts/core/{name}.py" for name in _LANGUAGE]
        return tuple(
            ".".join(path.relative_to(self.folder).with_suffix("").parts)
            for path in (*found, *(path for path in own if path.exists()))
        )

    def pages(self) -> dict[str, Page | Broken]:
        """The form of each page, by its module."""
        return {module: self.page(module) for module in self.modules()}

    def page(self, module: str) -> Page | Broken:
        """The form of one page."""
        kept = self._kept / "forms" / f"{self._key(module)}.json"
        try:
            return decode(Page, json.loads(kept.read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        said = self._ask({"do": "record", "module": module})
        if "page" in said:
            _write(kept, json.dumps(said["page"]))
            return decode(Page, said["page"])
        if self._recorded_will_do and (recorded := self._recorded(module)):
            return recorded
        broken = said["broken"]
        return Broken(module, Place(broken["file"], broken["line"]), broken["sentence"])

    def validate(
        self, direction: Direction, module: str, model: str, payload: Json
    ) -> Accepted | Refused:
        """What the model of this page (by its name in the form) makes of the payload.

        In a request each name may stand for a field of the path, query or body; the operation says
        which. What is written again of a request is what a client would send.
        """
        said = self._ask(
            {
                "do": "validate",
                "direction": direction,
                "module": module,
                "model": model,
                "text": json.dumps(payload),
            }
        )
        if "accepted" in said:
            return Accepted(said["accepted"])
        return Refused(said.get("refused") or said["broken"]["sentence"])

    def close(self) -> None:
        """End the process, if one was started."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recorded(self, module: str) -> Page | None:
        try:
            return load(recorded_file(self.folder, module).read_text())
        except (OSError, ValueError):
            return None

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process = self._process or self._started()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._process = None
            path = question["module"].replace(".", "/") + ".py"
            return {"broken": {"file": path, "line": 1, "sentence": "importing it ended Python"}}
        said: dict[str, Any] = json.loads(answer)
        return said

    def _started(self) -> subprocess.Popen[str]:
        path = os.pathsep.join(dict.fromkeys((str(_HERE), *(one for one in sys.path if one))))
        return subprocess.Popen(
            [sys.executable, "-m", "tools.contracts.form.worker", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def _key(self, module: str) -> str:
        """A page's form follows from its own folder, the language, the vocabulary and the recorder."""
        own = self.folder / Path(*module.split(".")[:-1])
        text = f"{_recorder()}\n{self._language}\n{module}\n{_content(own, self.folder)}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @cached_property
    def _language(self) -> str:
        contracts = self.folder / "contracts"
        return "\n".join(_content(contracts / name, self.folder) for name in ("core", "shared"))


def recorded_file(root: Path, module: str) -> Path:
    """Where the form of a page is recorded: beside it."""
    return root / Path(*module.split(".")).with_suffix(".json")


_LANGUAGE = ("chassis", "feed", "forms")
_HERE = Path(__file__).resolve().parents[3]


def _kept(root: Path) -> Path:
    return root / ".dev" / "contracts"


def _content(folder: Path, root: Path) -> str:
    return "\n".join(
        f"{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(_sources(folder))
    )


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.glob("**/*.py"):
        if "tests" not in path.parts:
            yield path


@cache
def _recorder() -> str:
    own = _content(Path(__file__).parent, Path(__file__).parent)
    return f"{sys.version_info[:2]} {version('pydantic')} {version('pydantic-core')}\n{own}"


def _unpack(git: tuple[str, ...], tree: str, folder: Path) -> None:
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    half.mkdir(parents=True)
    packed = subprocess.run(
        [*git, "archive", "--prefix=contracts/", tree], capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(half)], input=packed.stdout, check=True)
    try:
        half.rename(folder)
    except OSError:  # somebody else was quicker
        _remove(half)


def _write(path: Path, text: str) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text)
        half.replace(path)
        _forget(path.parent, keep=5000)
    except OSError:  # a folder that we may not write to: then it is not kept
        half.unlink(missing_ok=True)


def _forget(folder: Path, *, keep: int) -> None:
    """Remove the oldest of what is kept."""
    entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    if len(entries) > keep * 1.2:
        entries.sort(key=lambda entry: entry.stat().st_mtime)
        for entry in entries[:-keep]:
            _remove(Path(entry.path))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
