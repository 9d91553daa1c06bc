"""The language that contracts are written in."""

from contracts.core.callers import Admin, Anyone, Service, User
from contracts.core.errors import DeclarationError
from contracts.core.events import Consumer, Event
from contracts.core.problems import Problem
from contracts.core.requests import (
    KEYED,
    ONCE,
    SAFE,
    Accepted,
    Binding,
    Operation,
    Repeat,
    Request,
)
from contracts.core.sender import Sender
from contracts.core.values import JsonObject, OpenEnum, Page, Value

__all__ = [
    "KEYED",
    "ONCE",
    "SAFE",
    "Accepted",
    "Admin",
    "Anyone",
    "Binding",
    "Consumer",
    "DeclarationError",
    "Event",
    "JsonObject",
    "OpenEnum",
    "Operation",
    "Page",
    "Problem",
    "Repeat",
    "Request",
    "Sender",
    "Service",
    "User",
    "Value",
]
