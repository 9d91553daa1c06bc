"""What a checkout is compared with, and which files differ."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_MAINS = ("main", "origin/main")


class NoBaseline(ValueError):
    """There is nothing to compare with; the message says why, and what to say instead."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A commit, and how a person calls it."""

    commit: str
    name: str


def baseline(root: Path, against: str | None) -> Baseline:
    """The commit of `against`; without it, where the checkout left main. On main itself that is where it
    left origin's, so that what isn't pushed yet shows too. Raises NoBaseline."""
    if against is not None:
        commit = _git(root, "rev-parse", "--verify", "--quiet", f"{against}^{{commit}}")
        if commit is None:
            raise NoBaseline(f"git knows no {against!r}; `git log --oneline` shows what there is")
        return Baseline(commit, against)
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        raise NoBaseline(f"{root} has no commit to compare with; make one with `git commit`")
    here = _git(root, "symbolic-ref", "--short", "-q", "HEAD")
    found = []
    for main in _MAINS:
        # `origin/main...` may be absent, and the branch itself is no comparison.
        if main != here and (base := _git(root, "merge-base", "HEAD", main)):
            ahead = int(_git(root, "rev-list", "--count", f"{base}..HEAD") or 0)
            found.append((ahead, base, main))
    if not found:
        head = _git(root, "rev-parse", "HEAD") or "HEAD"
        return Baseline(head, "HEAD")
    ahead, base, main = min(found)
    return Baseline(base, main if ahead else "HEAD")


def changed_files(root: Path, commit: str) -> tuple[str, ...]:
    """The files that differ from the commit, new ones too, with `/` and from the root."""
    differ = _git(root, "diff", "--name-only", "--no-renames", "-z", commit) or ""
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z") or ""
    return tuple(sorted({name for name in (differ + "\0" + new).split("\0") if name}))


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    return done.stdout.strip("\n") if done.returncode == 0 else None
