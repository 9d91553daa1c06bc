"""A current ruff under Pants: `lint` runs `ruff check` and `ruff format`, `fix` and `fmt` repair.

Pants 2.17 has a ruff of its own that calls the tool as it was called before version 0.5. Its options
(`[ruff]` in pants.toml, `skip_ruff` on a target) are kept, its way of calling is replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pants.backend.python.lint.ruff import skip_field, subsystem
from pants.backend.python.lint.ruff.subsystem import Ruff, RuffFieldSet
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.pex import PexRequest, VenvPex, VenvPexProcess
from pants.core.goals.fix import FixResult, FixTargetsRequest
from pants.core.goals.fmt import FmtResult, FmtTargetsRequest
from pants.core.goals.lint import LintResult, LintTargetsRequest
from pants.core.util_rules.config_files import ConfigFiles, ConfigFilesRequest
from pants.core.util_rules.partitions import PartitionerType
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.fs import Digest, MergeDigests, Snapshot
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.util.meta import classproperty


class RuffCheck(LintTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION

    @classproperty
    def tool_name(cls) -> str:
        return "ruff check"


class RuffFix(FixTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION

    @classproperty
    def tool_name(cls) -> str:
        return "ruff check --fix"


class RuffFormat(FmtTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION

    @classproperty
    def tool_name(cls) -> str:
        return "ruff format"


@dataclass(frozen=True)
class Run:
    args: tuple[str, ...]
    files: Snapshot


@rule
async def run(request: Run, ruff: Ruff) -> FallibleProcessResult:
    tool, config = await MultiGet(
        Get(VenvPex, PexRequest, ruff.to_pex_request()),
        Get(ConfigFiles, ConfigFilesRequest, ruff.config_request(request.files.dirs)),
    )
    inputs = await Get(Digest, MergeDigests((request.files.digest, config.snapshot.digest)))
    return await Get(
        FallibleProcessResult,
        VenvPexProcess(
            tool,
            argv=(*request.args, "--no-cache", "--quiet", *ruff.args, *request.files.files),
            input_digest=inputs,
            output_files=request.files.files,
            description=f"Run ruff {' '.join(request.args)} on {len(request.files.files)} files",
        ),
    )


def ran(result: FallibleProcessResult) -> FallibleProcessResult:
    if result.exit_code:
        raise ValueError((result.stdout + result.stderr).decode())
    return result


@rule(desc="Lint with ruff check")
async def check(request: RuffCheck.Batch[RuffFieldSet, Any]) -> LintResult:
    sources = await Get(
        SourceFiles, SourceFilesRequest(field_set.source for field_set in request.elements)
    )
    result = await Get(FallibleProcessResult, Run(("check",), sources.snapshot))
    return LintResult.create(request, result, strip_chroot_path=True)


@rule(desc="Fix with ruff check --fix")
async def fix(request: RuffFix.Batch) -> FixResult:
    # What it can't repair is for `lint` to tell: only a ruff that didn't run is a failure here.
    repair = Run(("check", "--fix", "--exit-zero"), request.snapshot)
    result = await Get(FallibleProcessResult, Run, repair)
    return await FixResult.create(request, ran(result), strip_chroot_path=True)


@rule(desc="Format with ruff format")
async def fmt(request: RuffFormat.Batch) -> FmtResult:
    result = await Get(FallibleProcessResult, Run(("format",), request.snapshot))
    return await FmtResult.create(request, ran(result), strip_chroot_path=True)


def rules() -> list[Any]:
    return [
        *collect_rules(),
        *RuffCheck.rules(),
        *RuffFix.rules(),
        *RuffFormat.rules(),
        *skip_field.rules(),
        *subsystem.rules(),
        *pex.rules(),
    ]
