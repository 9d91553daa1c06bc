"""`/contracts`: the wire forms that a service was built from, for `./dev contracts can-deploy`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from contracts.core import Service, chassis, feed, forms
from contracts.core.forms import BuiltFrom, ReadContracts, RecordedForm
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Access
from libs.web.uses import uses

# Spoken by every service, with every other one.
_LANGUAGE = (chassis, feed, forms)


def forms_dispatcher(
    service: str,
    serves: Iterable[ModuleType],
    knows: Iterable[ModuleType],
    access: Access,
    folder: Path | None,
) -> Dispatcher[Any]:
    """Answers ReadContracts, to services alone. It is no part of the service's own contract, so it
    stands in a dispatcher of its own. The service's source is in `folder`."""
    built = BuiltFrom(
        service=service,
        serves=tuple(_recorded((*serves, *_LANGUAGE), {})),
        knows=tuple(_recorded((*knows, *_LANGUAGE), _used(folder) if folder else {})),
    )
    return Dispatcher(service, (forms,), (ReadContracts.handled_by(_read),), built, access)


def _read(_: ReadContracts, __: Service, built: BuiltFrom) -> BuiltFrom:
    return built


# Read when the service starts, not when it is asked: by then an edit of the checkout may lie on the disk,
# which is not what runs.
_used = cache(uses)


def _recorded(
    pages: Iterable[ModuleType], used: Mapping[str, frozenset[str] | None]
) -> Iterator[RecordedForm]:
    """The forms of these pages, each once; one that nobody recorded (a test's) is left out."""
    for page in dict.fromkeys(pages):
        file = Path(page.__file__ or "").with_suffix(".json")
        if file.is_file():
            names = used.get(page.__name__)
            yield RecordedForm(
                page=page.__name__,
                form=file.read_text(encoding="utf-8"),
                uses=None if names is None else tuple(sorted(names)),
            )
