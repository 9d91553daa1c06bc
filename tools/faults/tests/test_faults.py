"""The list of faults: each can be named, and what a machine cannot do is said, not passed over."""

from __future__ import annotations

import os

import pytest

from tools.faults.faults import all_faults
from tools.faults.faults.disks import DiskFull
from tools.faults.volumes import why_not

SERVICES = ("catalog", "notifications", "orders", "payments", "users")


def test_every_fault_has_a_name_of_its_own_and_says_what_it_does() -> None:
    faults = all_faults(SERVICES)

    assert len({fault.name for fault in faults}) == len(faults)
    assert all(fault.what for fault in faults)
    assert all(len(fault.name) <= 27 for fault in faults), "they stand in a table"


def test_without_root_no_disk_is_filled_and_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert "only root may mount" in (why_not() or "")


def test_both_that_keep_things_on_a_disk_get_a_full_one() -> None:
    full = [fault for fault in all_faults(SERVICES) if isinstance(fault, DiskFull)]

    assert {fault.server for fault in full} == {"valkey_queue", "postgres"}
