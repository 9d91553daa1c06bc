"""Every fault, in the order in which they are run. A module for each kind; each has `faults`."""

from __future__ import annotations

from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.faults import (
    calm,
    clocks,
    disks,
    hung,
    kills,
    messages,
    network,
    nothing_lost,
    overload,
    poison,
    provider,
    rolling,
    versions,
)

_KINDS = (
    calm,
    kills,
    hung,
    network,
    provider,
    disks,
    messages,
    poison,
    clocks,
    versions,
    rolling,
    overload,
    nothing_lost,
)


def all_faults(services: Sequence[str], pages: Sequence[str] = ()) -> list[Fault]:
    """For a shop of these services, and of those that have only pages, and so no worker."""
    return [
        *(fault for kind in _KINDS for fault in kind.faults(services)),
        *(kills.Killed(f"{name}.web") for name in pages),
    ]
