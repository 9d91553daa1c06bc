"""`/contracts`: the wire forms that a service was built from, for `./dev contracts can-deploy`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from contracts.core import Service, chassis, feed, forms
from contracts.core.forms import BuiltFrom, ReadContracts, RecordedForm
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Access

# Spoken by every service, with every other one.
_LANGUAGE = (chassis, feed, forms)


def forms_dispatcher(
    service: str, serves: Iterable[ModuleType], knows: Iterable[ModuleType], access: Access
) -> Dispatcher[BuiltFrom]:
    """Answers ReadContracts, to services alone. It is no part of the service's own contract, so it
    stands in a dispatcher of its own."""
    built = BuiltFrom(
        service=service,
        serves=_recorded((*serves, *_LANGUAGE)),
        knows=_recorded((*knows, *_LANGUAGE)),
    )
    return Dispatcher(service, (forms,), (ReadContracts.handled_by(_read),), built, access)


def _read(_: ReadContracts, __: Service, built: BuiltFrom) -> BuiltFrom:
    return built


def _recorded(pages: Iterable[ModuleType]) -> tuple[RecordedForm, ...]:
    """The forms of these pages, each once; one that nobody recorded (a test's) is left out."""
    found: dict[str, RecordedForm] = {}
    for page in pages:
        file = Path(page.__file__ or "").with_suffix(".json")
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            found[page.__name__] = RecordedForm(page=page.__name__, form=text)
    return tuple(found.values())
