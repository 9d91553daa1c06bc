"""What runs, in a file: written by the supervisor, read by every other command and after a crash."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, Self

from tools.dev.places import Places
from tools.dev.processes import Known

UnitState = Literal["starting", "ready", "failed", "stopped"]
Phase = Literal["starting", "ready", "stopping"]


@dataclass(frozen=True)
class UnitRecord:
    """One process that is kept running: a server of ours, a service's web or worker."""

    state: UnitState = "stopped"
    process: Known | None = None
    restarts: int = 0
    why: str = ""


@dataclass(frozen=True)
class State:
    """One run of `./dev up`."""

    supervisor: Known
    packaged: bool
    watch: bool
    phase: Phase
    ports: Mapping[str, int]
    units: Mapping[str, UnitRecord] = field(default_factory=dict)
    together: bool = False

    @property
    def alive(self) -> bool:
        return self.supervisor.alive

    def with_unit(self, name: str, record: UnitRecord) -> Self:
        return replace(self, units={**self.units, name: record})


def write(places: Places, state: State) -> None:
    new = places.state.with_suffix(".new")
    new.write_text(json.dumps(asdict(state), indent=1))
    new.replace(places.state)


def read(places: Places) -> State | None:
    """The last run, alive or not; None if there was none or its file makes no sense."""
    try:
        fields = json.loads(places.state.read_text())
        units = {name: _unit(unit) for name, unit in fields["units"].items()}
        return State(
            supervisor=Known(**fields["supervisor"]),
            packaged=fields["packaged"],
            watch=fields["watch"],
            phase=fields["phase"],
            ports=fields["ports"],
            units=units,
            together=fields["together"],
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def running(places: Places) -> State | None:
    """The present run; None if nothing runs."""
    state = read(places)
    return state if state is not None and state.alive else None


def _unit(fields: dict[str, object]) -> UnitRecord:
    process = fields.pop("process")
    known = Known(**process) if isinstance(process, dict) else None
    return UnitRecord(process=known, **fields)  # type: ignore[arg-type]  # JSON that we wrote
