"""A service's operations, answered from memory: what was made can be looked at, listed, changed and
removed, by the generic shapes of the language. Nothing here knows one contract."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from threading import RLock
from types import ModuleType
from typing import Any, cast

from contracts.core import Anyone, Binding, Operation, Problem, User
from libs.documents import events_of, served_operations
from tools.fake.making import Maker
from tools.fake.shapes import Kind, Role, Shape, roles_of
from tools.fake.things import Json, Things

# What a fake has from the beginning of each kind that can be listed or looked at.
SEEDED = 5
_TRIES = 40
_FIRST_CURSOR = "from-"
_Answer = Callable[[Operation, Role, Json, Anyone], Json | None]


class Fake:
    """Answers the operations of these contracts. `settle_s` seconds after it was made a thing goes from
    its first state to its second, as an order does when it is paid; None: never."""

    def __init__(
        self,
        contracts: Iterable[ModuleType],
        *,
        seed: str = "1",
        settle_s: float | None = 2.0,
        things: Things | None = None,
    ) -> None:
        pages = tuple(contracts)
        self.operations = served_operations(pages)
        self._roles = roles_of(self.operations)
        self._events = events_of(pages)
        self._make = Maker(self.operations, self._roles, self._events, seed)
        self._settle_s = settle_s
        self._things = things or Things()
        self._feed: list[Json] = []
        self._number = 0
        self._lock = RLock()
        self._kinds = tuple({role.kind: None for role in self._roles.values() if role.kind})
        for kind in self._kinds:
            for _ in range(SEEDED if kind.id_field else 0):
                self._keep_new(kind, {})

    @property
    def routes(self) -> tuple[Binding[None], ...]:
        """The table of routes for libs.web.serve."""
        return tuple(
            Binding(cast(Any, operation.wire.request), self._handler(operation))
            for operation in self.operations
        )

    def path_of(self, operation: Operation) -> str:
        """The operation's path, to a thing that is there from the beginning."""
        kind = self._roles[operation.name].kind
        if kind is None or not kind.id_field:
            return operation.path
        thing = self._things.all(kind)[-1].said
        return operation.path.replace(f"{{{kind.id_field}}}", str(thing[kind.id_field]))

    def problem(self, problem: type[Problem], said: Json) -> Problem:
        """A refusal, speaking of what was asked."""
        return self._make.problem(problem, said)

    def _handler(self, operation: Operation) -> Callable[[Any, Any, None], Any]:
        answers: dict[Shape, _Answer] = {
            Shape.MAKE: self._create,
            Shape.LIST: self._list,
            Shape.LOOK: self._look,
            Shape.PUT: self._put,
            Shape.REMOVE: self._remove,
            Shape.ACT: self._act,
            Shape.FEED: self._read_feed,
            Shape.ALONE: self._alone,
        }
        role = self._roles[operation.name]
        answer = answers[role.shape]

        def handle(request: Any, caller: Anyone, _: None) -> Any:
            said = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
            with self._lock:
                self._settle()
                made = answer(operation, role, said, caller)
            if operation.answer is None:
                return None
            return operation.wire.read_answer(json.dumps(made).encode())

        return handle

    # -- by shape

    def _create(self, operation: Operation, role: Role, said: Json, caller: Anyone) -> Json:
        kind = _known(role)
        thing = self._keep_new(kind, _owned(said, caller, kind), begins=True)
        self._tell(operation.name, thing, said)
        return thing

    def _list(self, operation: Operation, role: Role, said: Json, _: Anyone) -> Json:
        things = [thing.said for thing in self._things.all(_known(role))]
        fitting = [thing for thing in things if _fits(thing, said)]
        first = self._place(operation, said)
        fields = operation.wire.request.model_fields
        most = fields["limit"].default if "limit" in fields else len(fitting)
        limit = said.get("limit", most)
        page = fitting[first : first + limit]
        further = first + limit < len(fitting)
        cursor = f"{_FIRST_CURSOR}{first + limit}" if further else None
        return {"items": page, "next_cursor": cursor}

    def _place(self, operation: Operation, said: Json) -> int:
        match = re.fullmatch(
            rf"{_FIRST_CURSOR}(\d{{1,6}})", said.get("cursor") or f"{_FIRST_CURSOR}0"
        )
        if match is None:
            self._refuse(operation, 400, said)
        return int(match[1]) if match else 0

    def _look(self, operation: Operation, role: Role, said: Json, _: Anyone) -> Json:
        return self._found(operation, _known(role), said)

    def _put(self, operation: Operation, role: Role, said: Json, caller: Anyone) -> Json:
        kind = _known(role)
        old = self._things.find(kind, said[kind.id_field])
        if old is None:
            if operation.method == "PATCH":
                self._refuse(operation, 404, said)
            thing = self._keep_new(kind, _owned(said, caller, kind), begins=True)
        else:
            thing = old.said = self._make.say(kind, old.said, said)
        self._tell(operation.name, thing, said)
        return thing

    def _remove(self, operation: Operation, role: Role, said: Json, _: Anyone) -> None:
        kind = _known(role)
        if not self._things.remove(kind, said[kind.id_field]):
            self._refuse(operation, 404, said)

    def _act(self, operation: Operation, role: Role, said: Json, _: Anyone) -> Json | None:
        kind = _known(role)
        thing = self._found(operation, kind, said)
        rest = {name: value for name, value in said.items() if name != kind.id_field}
        changed = self._make.say(kind, thing, {**rest, **_counted(thing, rest)})
        if any(value < 0 for name, value in changed.items() if name.endswith("_left")):
            self._refuse(operation, 409, thing)
        changed |= self._state_after(operation, kind, thing)
        self._things.put(kind, changed)
        self._tell(operation.name, changed, said)
        return changed if operation.answer is kind.model else self._thought_up(operation, said)

    def _alone(self, operation: Operation, role: Role, said: Json, caller: Anyone) -> Json | None:
        mine = {"user_id": caller.user_id} if isinstance(caller, User) else {}
        if role.kind is not None and role.kind.id_field in mine:
            return self._own(role.kind, mine)
        made = self._thought_up(operation, {**mine, **(self._things.like(said) or {}), **said})
        for name, value in (made or {}).items():
            for kind in self._kinds:
                is_one = isinstance(value, dict) and value.keys() == kind.model.model_fields.keys()
                if made and is_one and kind.id_field in mine:
                    made[name] = self._own(kind, mine)
        return made

    def _own(self, kind: Kind, mine: Json) -> Json:
        """The caller's own thing."""
        found = self._things.find(kind, mine[kind.id_field])
        return found.said if found else self._keep_new(kind, mine)

    def _read_feed(self, _: Operation, __: Role, said: Json, ___: Anyone) -> Json:
        after, types = said.get("after", 0), said.get("type", [])
        own_lane = said.get("lane", 0) == 0  # everything is in the first
        new = [each for each in self._feed[after:] if not types or each["type"] in types]
        page = new[: said.get("limit", 100)] if own_lane else []
        full = len(page) < len(new) and own_lane
        head = int(page[-1]["sequence"]) if full else max(after, len(self._feed))
        return {"items": page, "next_cursor": str(head)}

    # -- things and what becomes of them

    def _keep_new(self, kind: Kind, said: Json, *, begins: bool = False) -> Json:
        """A new thing under a name of its own; one that begins stands in its first state."""
        for _ in range(_TRIES):
            self._number += 1
            thing = self._make.thing(kind, self._number, said)
            if kind.id_field in said or self._things.find(kind, thing[kind.id_field]) is None:
                break
        else:  # its names are few
            thing[kind.id_field] = f"{thing[kind.id_field]}-{self._number}"
        states = self._make.states(kind)
        if begins and states is not None:
            thing[states[0]] = states[1][0]
            self._things.put(kind, thing, settles_after_s=self._settle_s)
        else:
            self._things.put(kind, thing)
        return thing

    def _settle(self) -> None:
        for kind, thing in self._things.due():
            thing.settles_at = None
            states = self._make.states(kind)
            if states is not None and thing.said[states[0]] == states[1][0] and len(states[1]) > 1:
                thing.said = {**thing.said, states[0]: states[1][1]}
                self._tell(states[1][1], thing.said, {})

    def _state_after(self, operation: Operation, kind: Kind, thing: Json) -> Json:
        """`cancelled` after a cancellation: the state that begins like a word of the path or the name.
        What has gone on to another state already can't be brought there."""
        states = self._make.states(kind)
        words = _stems(operation.name) | _stems(operation.path.rpartition("/")[2])
        fitting = [value for value in (states[1] if states else ()) if _stems(value) & words]
        if states is None or not fitting or thing[states[0]] == fitting[0]:
            return {}
        if thing[states[0]] != states[1][0]:
            self._refuse(operation, 409, thing)
        reason = self._make.reason(kind)
        return {states[0]: fitting[0]} | ({"reason": reason} if reason else {})

    def _found(self, operation: Operation, kind: Kind, said: Json) -> Json:
        """The thing that was asked for. Who declares no 404 has every thing."""
        thing = self._things.find(kind, said[kind.id_field])
        if thing is None:
            self._refuse(operation, 404, said)
            return self._keep_new(kind, {kind.id_field: said[kind.id_field]})
        return thing.said

    def _refuse(self, operation: Operation, status: int, said: Json) -> None:
        """Raise the first problem of this status that the operation declares, if it does."""
        for problem in operation.problems:
            if problem.__problem__.status == status:
                raise self._make.problem(problem, said)

    def _thought_up(self, operation: Operation, said: Json) -> Json | None:
        if operation.answer is None:
            return None
        self._number += 1
        made = self._make.answer(operation, self._number, said)
        if "access_token" in made and "user_id" in made:
            made["access_token"] = f"fake-{made['user_id']}"  # so that other fakes know who asks
        return made

    def _tell(self, deed: str, thing: Json, said: Json) -> None:
        """Publish the events that are about this deed: OrderPlaced after PlaceOrder."""
        for event in self._events:
            about = _stems(event.__name__)
            if _stems(deed) <= about and event.__event__.key in thing:
                self._feed.append(self._make.event(event, len(self._feed) + 1, {**said, **thing}))


def _known(role: Role) -> Kind:
    assert role.kind is not None, "roles_of gives every such shape a kind"
    return role.kind


def _owned(said: Json, caller: Anyone, kind: Kind) -> Json:
    """Who makes a thing is its customer."""
    if isinstance(caller, User) and kind.id_field != "user_id":
        return {"user_id": caller.user_id, **said}
    return said


def _counted(thing: Json, said: Json) -> Json:
    """`units` that came in are added to `units_left`."""
    return {
        f"{name}_left": thing[f"{name}_left"] + value
        for name, value in said.items()
        if isinstance(value, int) and isinstance(thing.get(f"{name}_left"), int)
    }


def _fits(thing: Json, said: Json) -> bool:
    """Whether a thing is one that was asked for: by equal fields, and by words."""
    if any(thing[name] != value for name, value in said.items() if name in thing):
        return False
    text = json.dumps(thing, ensure_ascii=False).lower()
    return all(word in text for word in (said.get("query") or "").lower().split())


def _stems(words: str) -> set[str]:
    """`{order, place}` of PlaceOrder and of OrderPlaced."""
    return {word[:5].lower() for word in re.findall(r"[A-Z]?[a-z]+", words)}
