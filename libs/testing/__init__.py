"""What tests share: real servers, a database a test, callers, and neighbours that keep to their
contract. Only tests import it."""

from libs.testing.apps import connect
from libs.testing.callers import AnyToken, as_service, as_user
from libs.testing.neighbours import DeadNeighbour, neighbour, nowhere
from libs.testing.repeats import RememberedRepeats
from libs.testing.servers import Servers, TestDatabase

__all__ = [
    "AnyToken",
    "DeadNeighbour",
    "RememberedRepeats",
    "Servers",
    "TestDatabase",
    "as_service",
    "as_user",
    "connect",
    "neighbour",
    "nowhere",
]
