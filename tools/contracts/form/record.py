"""Takes the form of a page from the classes that it declares."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tools.contracts.form import model
from tools.contracts.form.models import Models
from tools.contracts.form.places import class_place, file_of, text_of


def record(module: ModuleType) -> model.Page:
    """The page that the module declares: its operations, problems and events, and all models that
    these speak of. Nothing is executed but what serializers write of their golden samples."""
    return with_classes(module)[0]


def with_classes(module: ModuleType) -> tuple[model.Page, dict[str, type]]:
    """The page, and the class of each of its models by name."""
    models = Models(module.__name__)
    own = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__
    ]
    operations = [_operation(cls, models) for cls in own if "__operation__" in vars(cls)]
    events = [_event(cls, models) for cls in own if "__event__" in vars(cls)]
    problems = {cls: None for cls in own if "__problem__" in vars(cls)}
    for cls in own:
        if "__operation__" in vars(cls):
            problems |= dict.fromkeys(getattr(cls, "__operation__").problems)  # noqa: B009
    recorded = [_problem(cls, models) for cls in problems]
    service, version = _names(module.__name__)
    page = model.Page(
        service=service,
        version=version,
        operations=tuple(sorted(operations, key=lambda one: one.name)),
        problems=tuple(sorted(recorded, key=lambda one: one.type)),
        events=tuple(sorted(events, key=lambda one: one.type)),
        models=models.recorded(),
        module=module.__name__,
        where=model.Place(file_of(module.__name__), 1),
        description=" ".join((module.__doc__ or "").split()),
    )
    return page, models.classes()


def _names(module: str) -> tuple[str, str]:
    """`orders` and `v1` of `contracts.orders.v1`."""
    *_, service, version = ("", *module.split("."))
    return service, version


def _operation(cls: Any, models: Models) -> model.Operation:
    said = cls.__operation__
    sunset = getattr(said, "sunset", None)
    return model.Operation(
        name=cls.__name__,
        method=said.method,
        path=said.path,
        model=models.name(cls),
        placeholders=said.wire.placeholders,
        in_path=tuple(sorted(said.wire.placeholders)),
        in_query=tuple(sorted(said.wire.query)),
        in_body=tuple(sorted(said.wire.body)),
        answers=(_answer(said, models),),
        problems=tuple(sorted(problem.__problem__.type for problem in said.problems)),
        callers=tuple(sorted(caller.__name__ for caller in said.callers)),
        repeat=said.repeat.value,
        deadline_s=float(said.deadline_s),
        deprecated=bool(getattr(said, "deprecated", False)),
        sunset=None if sunset is None else sunset.isoformat(),
        where=class_place(cls),
        description=text_of(cls),
    )


def _answer(said: Any, models: Models) -> model.Answer:
    if said.answer is None:
        return model.Answer(status=said.status, media="")
    origin = said.answer.__pydantic_generic_metadata__["origin"]
    name = "" if origin is None else origin.__name__
    return model.Answer(
        status=said.status,
        type=model.Ref(model=models.name(said.answer)),
        headers=(model.Header(name="Location"),) if name == "Accepted" else (),
        paged=name == "Page",
    )


def _problem(cls: Any, models: Models) -> model.Problem:
    said = cls.__problem__
    retry = cls.__pydantic_fields__.get("retry_after_s")
    return model.Problem(
        name=cls.__name__,
        type=said.type,
        status=said.status,
        title=said.title,
        model=models.name(cls),
        headers=() if retry is None else (model.Header(name="Retry-After"),),
        where=class_place(cls),
        description=text_of(cls),
    )


def _event(cls: Any, models: Models) -> model.Event:
    said = cls.__event__
    retention = getattr(said, "retention", None)
    sunset = getattr(said, "sunset", None)
    return model.Event(
        name=cls.__name__,
        type=said.name,
        key=said.key,
        model=models.name(cls),
        retention_days=None if retention is None else retention.days,
        deprecated=bool(getattr(said, "deprecated", False)),
        sunset=None if sunset is None else sunset.isoformat(),
        where=class_place(cls),
        description=text_of(cls),
    )
