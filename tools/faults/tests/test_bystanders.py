"""Who takes the machine from us."""

from __future__ import annotations

from types import SimpleNamespace

from tools.faults.bystanders import busy_s


def test_cores_that_the_hypervisor_gave_to_others_are_taken_and_waiting_is_free() -> None:
    linux = SimpleNamespace(user=5.0, system=2.0, nice=1.0, idle=90.0, iowait=9.0, steal=3.0)
    macos = SimpleNamespace(user=5.0, system=2.0, nice=1.0, idle=90.0)

    assert busy_s(linux) == 11.0
    assert busy_s(macos) == 8.0
