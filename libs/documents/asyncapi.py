"""A service's AsyncAPI 3.0: what it publishes in its feed, and what it reads in others'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from contracts.core import Event
from contracts.core.feed import CloudEvent, ReadFeed
from libs.documents.information import information, paragraph, sentence
from libs.documents.schemas import Schemas

_CONVENTIONS = """
Events are facts about the past. The service that knows them keeps them in a feed, in the transaction
that made them true; whoever wants to know reads `GET /feed?after=` with a service's token and keeps
the place up to which it has read. Nobody subscribes, and nothing is pushed. Events with one key
(`subject`) come in the order in which they happened.

Each comes in the envelope of CloudEvents 1.0, and may come again: move your cursor in the transaction
of its effects. Unknown fields are to be ignored, for more may be added.
"""
_LICENSE = {"name": "Apache 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
_SERVICE = {
    "type": "httpApiKey",
    "in": "header",
    "name": "Service-Authorization",
    "description": "`Bearer` and a token that the asking service signed for the one that it asks.",
}


def events_of(contracts: Iterable[ModuleType]) -> tuple[type[Event], ...]:
    """The events that these contracts declare, in their order."""
    return tuple(
        value
        for page in contracts
        for value in vars(page).values()
        if isinstance(value, type)
        and issubclass(value, Event)
        and value.__module__ == page.__name__
    )


def asyncapi(
    service: str,
    contracts: Iterable[ModuleType],
    *,
    receives: Iterable[type[Event]] = (),
    readers: Mapping[str, Sequence[str]] | None = None,
    hosts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The document of a service that keeps these contracts and `receives` events of others.
    `readers` names for an event those who read it, `hosts` where services listen."""
    pages = tuple(contracts)
    published, received = events_of(pages), tuple(receives)
    owners = {event.__event__.service: None for event in (*published, *received)}
    schemas = Schemas(events=[*published, *received], values=[CloudEvent])
    build = _Builder(schemas, readers or {})
    return {
        "asyncapi": "3.0.0",
        "info": {
            **information(service, pages, _CONVENTIONS),
            "license": _LICENSE,
            "tags": [{"name": service, "description": f"What {service} publishes and reads."}],
        },
        "defaultContentType": "application/json",
        "servers": {
            owner: {
                "host": (hosts or {}).get(owner, f"{owner}:8000"),
                "protocol": "http",
                "description": f"The {owner} service.",
                "security": [{"$ref": "#/components/securitySchemes/service"}],
            }
            for owner in owners
        },
        "channels": {
            _feed_of(owner): build.channel(
                owner,
                [event for event in (*published, *received) if event.__event__.service == owner],
            )
            for owner in owners
        },
        "operations": {
            **{f"publish{event.__name__}": build.operation(event, "send") for event in published},
            **{f"read{event.__name__}": build.operation(event, "receive") for event in received},
        },
        "components": {
            "messages": {event.__name__: build.message(event) for event in (*published, *received)},
            "schemas": dict(sorted(schemas.definitions.items())) if owners else {},
            "securitySchemes": {"service": _SERVICE},
        },
    }


_DOES = {"send": "Publishes in its feed", "receive": "Reads in the feed of its owner"}


class _Builder:
    """Builds the parts of one document over its schemas."""

    def __init__(self, schemas: Schemas, readers: Mapping[str, Sequence[str]]) -> None:
        self._schemas = schemas
        self._readers = readers

    def channel(self, owner: str, events: Sequence[type[Event]]) -> dict[str, Any]:
        """The feed of a service, with those of its events that are spoken of."""
        return {
            "address": ReadFeed.__operation__.path,
            "title": f"The feed of {owner}",
            "description": paragraph(ReadFeed.__doc__),
            "servers": [{"$ref": f"#/servers/{owner}"}],
            "messages": {
                event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}
                for event in events
            },
        }

    def operation(self, event: type[Event], action: str) -> dict[str, Any]:
        """That an event is published (`send`), or read (`receive`)."""
        feed = _feed_of(event.__event__.service)
        return {
            "action": action,
            "channel": {"$ref": f"#/channels/{feed}"},
            "title": event.__name__,
            "summary": sentence(paragraph(event.__doc__)),
            "description": f"{_DOES[action]} `{event.__event__.name}`.",
            "bindings": {"http": _binding(event)},
            "messages": [{"$ref": f"#/channels/{feed}/messages/{event.__name__}"}],
        }

    def message(self, event: type[Event]) -> dict[str, Any]:
        """An event in its envelope, with its key and who reads it."""
        said, schema = event.__event__, self._schemas.event(event)
        envelope = self._schemas.value(CloudEvent)
        message: dict[str, Any] = {
            "name": said.name,
            "title": event.__name__,
            "summary": sentence(paragraph(event.__doc__)),
            "description": f"{paragraph(event.__doc__)}\n\nOrdered by `{said.key}`.",
            "contentType": "application/cloudevents+json",
            "payload": {
                "allOf": [
                    envelope,
                    {
                        "type": "object",
                        "properties": {"type": {"const": said.name}, "data": schema},
                        "required": ["type", "data"],
                    },
                ]
            },
            "examples": [{"name": event.__name__, "payload": self._example(event)}],
            "x-key": said.key,
        }
        if said.name in self._readers:
            message["x-readers"] = list(self._readers[said.name])
            names = ", ".join(self._readers[said.name]) or "nobody yet"
            message["description"] += f" Read by {names}."
        return message

    def _example(self, event: type[Event]) -> Any:
        said = event.__event__
        data: Any = self._schemas.example(self._schemas.event(event), said.name)
        envelope: Any = self._schemas.example(self._schemas.value(CloudEvent), said.name)
        of_this = {"source": f"/{said.service}", "type": said.name, "subject": data[said.key]}
        return {**envelope, **of_this, "data": data}


def _feed_of(service: str) -> str:
    return f"{service}Feed"


def _binding(event: type[Event]) -> dict[str, Any]:
    """How it is asked for."""
    only = {"type": "string", "const": event.__event__.name}
    return {
        "method": "GET",
        "query": {
            "type": "object",
            "properties": {"after": {"type": "integer", "minimum": 0}, "type": only},
        },
        "bindingVersion": "0.3.0",
    }
