"""`python -m tools.fences [--junit FILE]`: does the build refuse each import that it must refuse?

A copy of the tree gets a file in every folder that imports everything, and Pants is asked once for
its verdict on each import. Then Pants itself must refuse one of those files.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tools.fences.edges import INVENTED, Edge, edges

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("contracts", "libs", "services", "tools")

# Pants stops at the first import that it refuses. With the rules read but not enforced it shows the
# verdict on all of them.
PROBE = """\
from pants.backend.visibility import rules as visibility
from pants.engine.unions import UnionRule


def rules():
    return [
        visibility.build_file_visibility_implementation,
        UnionRule(
            visibility.BuildFileDependencyRulesImplementationRequest,
            visibility.BuildFileVisibilityImplementationRequest,
        ),
    ]
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fences", description=__doc__)
    parser.add_argument("--junit", type=Path, help="write a JUnit report here")
    options = parser.parse_args()

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fences") as folder:
        results = judge(Path(folder))
    for claim, problems in results.items():
        for problem in problems:
            print(f"{claim}: {problem}", file=sys.stderr)
    if options.junit:
        write_report(options.junit, results, time.monotonic() - began)
    return 1 if any(results.values()) else 0


def judge(tree: Path) -> dict[str, list[str]]:
    """What is wrong with each claim: nothing where it holds."""
    copy_tree(tree)
    folders = sorted(
        str(build.parent.relative_to(tree))
        for kind in KINDS
        for build in tree.glob(f"{kind}/*/BUILD")
    )
    claims = list(edges(folders))
    write_imports(tree, claims)
    files = sorted({f"{edge.importer}/fence.py" for edge in claims})

    verdicts, listed = ask_pants(tree, files)
    results: dict[str, list[str]] = {}
    for edge in claims:
        wrong = results.setdefault(f"{edge.importer} knows whom it may, and nobody else", [])
        verdict = verdicts.get((f"{edge.importer}/fence.py", edge.module), "to see no such import")
        if verdict != ("ALLOW" if edge.allowed else "DENY"):
            wrong.append(f"{edge}, and the verdict of Pants is {verdict}")
    differ = sorted(listed ^ asked_for(tree))
    results["3rdparty/python: BUILD lists what requirements.txt asks for"] = differ
    results["Pants enforces its verdict"] = not_refused(tree, "libs/invented/fence.py")
    return results


def copy_tree(tree: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():  # one that was removed is listed until the next commit
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    for folder, build in INVENTED.items():
        (tree / folder).mkdir(parents=True)
        (tree / folder / "BUILD").write_text(build)
    probe = tree / "pants-plugins" / "probe"
    probe.mkdir()
    (probe / "__init__.py").touch()
    (probe / "register.py").write_text(PROBE)


def write_imports(tree: Path, claims: list[Edge]) -> None:
    imports: dict[str, set[str]] = {}
    for edge in claims:
        imports.setdefault(edge.importer, set()).add(edge.module)
    for importer, modules in imports.items():
        file = tree / importer / "fence.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"import {module}\n" for module in sorted(modules)))


def ask_pants(tree: Path, files: list[str]) -> tuple[dict[tuple[str, str], str], set[str]]:
    """The verdict on (file, module), and the names of the libraries that BUILD lists."""
    peek = pants(
        tree,
        "--backend-packages=-['pants.backend.experimental.visibility']",
        "--backend-packages=+['probe']",
        "peek",
        "--include-dep-rules",
        "3rdparty/python:",
        *files,
    )
    if peek.returncode:
        raise SystemExit(f"pants peek failed in the copy:\n{peek.stderr}")
    verdicts: dict[tuple[str, str], str] = {}
    requirements: dict[str, dict[str, Any]] = {}
    targets = json.loads(peek.stdout)
    for target in targets:
        if target["target_type"] == "python_requirement":
            requirements[target["address"]] = target
    for target in targets:
        for rule in target.get("_applicable_dep_rules") or ():
            for module in modules_of(rule["dependency_address"], requirements):
                verdicts[target["sources"][0], module] = rule["action"].rpartition(".")[2].upper()
    names = {name(line) for target in requirements.values() for line in target["requirements"]}
    return verdicts, names


def modules_of(address: str, requirements: dict[str, dict[str, Any]]) -> list[str]:
    if address in requirements:
        return list(requirements[address]["modules"] or ())  # None: types only
    path = address.partition(":")[0]
    return [path.removesuffix(".py").replace("/", ".")]


def not_refused(tree: Path, file: str) -> list[str]:
    answer = pants(tree, "dependencies", file)
    if answer.returncode and "DependencyRuleActionDeniedError" in answer.stderr:
        return []
    return [f"pants dependencies {file} exits {answer.returncode}: {answer.stderr[-400:]}"]


def asked_for(tree: Path) -> set[str]:
    lines = (tree / "3rdparty/python/requirements.txt").read_text().splitlines()
    return {name(line) for line in lines if line and not line.startswith("#")}


def name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return found[0].lower()


def pants(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tree / "pants", "--no-pantsd", "--no-dynamic-ui", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def write_report(path: Path, results: dict[str, list[str]], took_s: float) -> None:
    suite = ElementTree.Element("testsuite", name="fences", time=f"{took_s:.1f}")
    for claim, problems in results.items():
        case = ElementTree.SubElement(suite, "testcase", classname="fences", name=claim)
        if problems:
            ElementTree.SubElement(case, "failure", message="; ".join(problems))
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path, encoding="unicode", xml_declaration=True)


if __name__ == "__main__":
    sys.exit(main())
