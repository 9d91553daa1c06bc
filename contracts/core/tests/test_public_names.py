"""What the package lists is what it has."""

from __future__ import annotations

import inspect

import contracts.core as core


def test_the_package_lists_every_name_that_it_offers_in_order() -> None:
    offered = {
        name
        for name, value in vars(core).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    }

    assert list(core.__all__) == sorted(core.__all__, key=lambda n: (not n.isupper(), n))
    assert offered == set(core.__all__)
