"""The recorded form of each page, in a file beside it: `contracts/orders/v1.json`."""

from __future__ import annotations

import importlib
from pathlib import Path

from tools.contracts.form.record import record
from tools.contracts.form.text import dump
from tools.contracts.form.tree import Broken, Tree, recorded_file

COMMAND = "./dev contracts record"


class CannotBeRecorded(ValueError):
    """Pages that cannot be imported; the message has `file:line sentence` of each on a line."""


def write_all(root: Path) -> list[Path]:
    """Record every page of the checkout; the files that changed or are new. Raises CannotBeRecorded,
    and then has written the others."""
    changed, broken = [], []
    with Tree.of(root) as tree:
        for module, page in tree.pages().items():
            if isinstance(page, Broken):
                broken.append(f"{page.where} {page.sentence}")
                continue
            file, text = recorded_file(root, module), dump(page)
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8")
                changed.append(file)
    if broken:
        raise CannotBeRecorded("\n".join(broken))
    return changed


def stale(module: str) -> str | None:
    """What is wrong with the recorded form of this page, and the command that mends it; None when
    nothing is. For the test of each contract."""
    page = importlib.import_module(module)
    file = Path(str(page.__file__)).with_suffix(".json")
    name = module.replace(".", "/") + ".json"
    if not file.exists():
        return f"{name} is missing; record the form of the page: {COMMAND}"
    if file.read_text(encoding="utf-8") != dump(record(page)):
        return (
            f"{name} is not the form of the page any more; see what breaks with ./dev contracts, "
            f"then record it: {COMMAND}"
        )
    return None
