"""Every fault, in the order in which they are run. A module for each kind; each has `faults`."""

from __future__ import annotations

from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.faults import calm, kills


def all_faults(services: Sequence[str]) -> list[Fault]:
    """For a shop of these services."""
    return [*calm.faults(services), *kills.faults(services)]
