"""Two forms of one contract, compared."""

from __future__ import annotations

from tools.contracts.form.model import Page
from tools.contracts.rules.finding import Finding


def compare(old: Page | None, new: Page | None) -> tuple[Finding, ...]:
    """What changed on the wire between two forms of one version of a contract, worst first. None is a
    page that is not there. Everything else that a finding needs (consumers, proofs, waivers) is
    added to it later."""
    return ()
