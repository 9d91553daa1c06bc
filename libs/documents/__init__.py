"""What a contract says, for others' programs: OpenAPI, AsyncAPI, and examples of its messages."""

from libs.documents.asyncapi import asyncapi, events_of
from libs.documents.openapi import openapi, served_operations
from libs.documents.problems import possible_problems, problems_of
from libs.documents.schemas import Schemas

__all__ = [
    "Schemas",
    "asyncapi",
    "events_of",
    "openapi",
    "possible_problems",
    "problems_of",
    "served_operations",
]
