"""The recorded form of the contracts: `write_all` writes it, `Tree` reads that of any revision."""

from tools.contracts.form.recorded import CannotBeRecorded, write_all
from tools.contracts.form.tree import Accepted, Broken, NoSuchRevision, Refused, Tree

__all__ = [
    "Accepted",
    "Broken",
    "CannotBeRecorded",
    "NoSuchRevision",
    "Refused",
    "Tree",
    "write_all",
]
