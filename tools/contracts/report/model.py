"""What `./dev contracts` found, before it is shown in one form or another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from dataclasses import field as made

from tools.contracts.deploy.plan import Plan
from tools.contracts.form.model import Place
from tools.contracts.readers.model import Mistake
from tools.contracts.rebuilt import Rebuilt
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.verdict import Verdict

_STOPS = {Verdict.BREAKING, Verdict.LOOK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A page that can't be read, or a waiver that doesn't hold."""

    where: Place
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    """How the tests of a service ended."""

    passed: int = 0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What changed since a commit, for whom, and what comes of it.

    `mistakes` are those of the type check that weren't there before, None when it was not asked; `tests`
    by service, empty when they were not. `notes` are sentences about the check itself.
    """

    against: str
    commit: str
    changed: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    order: Plan = made(default_factory=lambda: Plan((), (), ()))
    rebuilt: tuple[Rebuilt, ...] = ()
    mistakes: tuple[Mistake, ...] | None = None
    tests: dict[str, Tests] = made(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def forbidding(self) -> tuple[Finding, ...]:
        """The findings that nobody may merge: B and W without a waiver, and P and C that no order of
        deployment satisfies."""
        return tuple(
            one
            for one in self.findings
            if not one.waived
            and (one.verdict in _STOPS or (self.order.circles and one.verdict is not Verdict.SAFE))
        )

    @property
    def pages(self) -> tuple[str, ...]:
        """The changed pages of contracts."""
        return tuple(
            name for name in self.changed if name.startswith("contracts/") and name.endswith(".py")
        )

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many findings have each verdict, the worst first."""
        counted = Counter(one.verdict for one in self.findings)
        return {verdict: counted[verdict] for verdict in reversed(Verdict) if counted[verdict]}

    @property
    def forbidden(self) -> bool:
        """Whether the merge is: the command then ends with 4."""
        return bool(self.forbidding or self.problems)
