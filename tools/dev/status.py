"""How everything is right now: asked of the processes themselves, not only of the last word."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from tools.dev import ports as ports_module
from tools.dev import state
from tools.dev.catalog import services_of
from tools.dev.places import Places
from tools.dev.ports import HOST
from tools.dev.state import State, UnitRecord, UnitState
from tools.dev.units import answers

READY, NOT_RUNNING, NOT_READY = 0, 1, 3
_SCHEMES = {"postgres": "postgresql", "valkey_queue": "redis", "valkey_cache": "redis"}


def status(places: Places) -> tuple[dict[str, object], int]:
    """The answer of `status --json` and its exit code: 0 all ready, 1 not running, 3 otherwise."""
    now = state.running(places)
    if now is None:
        ports = ports_module.wanted_ports(services_of(places.root))
        units: Mapping[str, UnitRecord] = {}
    else:
        ports = dict(now.ports)
        units = _asked(now)
    names = [name.removesuffix(".web") for name in ports if name.endswith(".web")]
    found: dict[str, object] = {
        "services": {name: _service(name, ports, units) for name in names},
        "mail": _server("mail", f"http://{HOST}:{ports['mail']}", units),
    }
    if "provider" in ports:
        found["provider"] = _server("provider", f"http://{HOST}:{ports['provider']}", units)
    for name, scheme in _SCHEMES.items():
        found[name] = _server(name, f"{scheme}://{HOST}:{ports[name]}", units)
    if now is None:
        return found, NOT_RUNNING
    ready = now.phase == "ready" and all(unit.state == "ready" for unit in units.values())
    return found, READY if ready else NOT_READY


def _asked(now: State) -> dict[str, UnitRecord]:
    """What the supervisor wrote, put right where a process has just died or does not answer."""

    def ask(name: str) -> UnitRecord:
        unit = now.units[name]
        if unit.process is None or not unit.process.alive:
            changed: UnitState = "failed" if unit.state == "ready" else unit.state
            return UnitRecord(changed, None, unit.restarts, unit.why)
        url = f"http://{HOST}:{now.ports[name]}/{'readyz' if '.' in name else 'livez'}"
        if unit.state == "ready" and name not in _SCHEMES and not answers(url):
            return UnitRecord("failed", unit.process, unit.restarts, "it does not answer")
        return unit

    with ThreadPoolExecutor(max_workers=16) as pool:
        return dict(zip(now.units, pool.map(ask, now.units), strict=True))


def _service(
    name: str, ports: Mapping[str, int], units: Mapping[str, UnitRecord]
) -> dict[str, object]:
    roles = [role for role in ("web", "worker") if f"{name}.{role}" in ports]
    each = {role: units.get(f"{name}.{role}", UnitRecord()) for role in roles}
    return {
        "url": f"http://{HOST}:{ports[f'{name}.web']}",
        "state": _worst([unit.state for unit in each.values()]),
        "pids": {role: unit.process.pid if unit.process else None for role, unit in each.items()},
    }


def _worst(states: list[UnitState]) -> UnitState:
    ranks: tuple[UnitState, ...] = ("failed", "stopped", "starting", "ready")
    return next(rank for rank in ranks if rank in states)


def _server(name: str, url: str, units: Mapping[str, UnitRecord]) -> dict[str, object]:
    unit = units.get(name, UnitRecord())
    return {
        "url": url,
        "state": unit.state,
        "pid": unit.process.pid if unit.process else None,
    }
