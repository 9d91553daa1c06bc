"""The logs of everything that runs: bounded in size, followed, and made readable for people."""

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from tools.dev.errors import Refusal
from tools.dev.places import Places

_LIMIT_BYTES = 5_000_000
_POLL_S = 0.15
_SERVERS = {"postgres", "valkey_queue", "valkey_cache"}
_STYLES = {"warning": "yellow", "error": "bold red", "critical": "bold red", "debug": "dim"}
_ALREADY_SHOWN = {"timestamp", "level", "event", "service", "exception", "logger", "logger_name"}


@dataclass(frozen=True)
class Line:
    """A line of a log, with the process that wrote it."""

    source: str
    text: str


def bound_size(places: Places) -> None:
    """Keeps each log and its former part below the limit. Its writers append, so that emptying
    the file under them is safe; what they write in between may be lost."""
    for log in places.logs.glob("*.log"):
        if log.stat().st_size > _LIMIT_BYTES:
            log.with_suffix(".log.1").write_bytes(log.read_bytes())
            os.truncate(log, 0)


def last_lines(log: Path, lines: int = 3) -> str:
    """The end of a log in one line, for an error."""
    shown = [line.strip() for line in _tail(log, lines)]
    readable = [render(Line("", line)).plain.strip() for line in shown if line]
    return " / ".join(readable)[-600:] or f"nothing was said in {log}"


def sources(places: Places, name: str | None) -> list[str]:
    """The processes whose logs are meant: `users` means its web, worker and migrate; None means
    all but the databases, which have their say when asked by name.

    Raises Refusal when there is none of that name."""
    known = sorted(path.name.removesuffix(".log") for path in places.logs.glob("*.log"))
    if name is None:
        chosen = [source for source in known if source not in _SERVERS]
    else:
        chosen = [source for source in known if name in (source, source.partition(".")[0])]
    if not chosen:
        names = sorted({source.partition(".")[0] for source in known})
        if name is None:
            raise Refusal("there are no logs yet; start with ./dev up", code=3)
        raise Refusal(f"no log of {name!r}; there are: {', '.join(names) or 'none yet'}", code=3)
    return chosen


def last(places: Places, names: Iterable[str], count: int) -> list[Line]:
    """The last lines of these logs together, in the order of their times."""
    dated: list[tuple[str, Line]] = []
    for source in names:
        moment = ""
        for text in _tail(places.log(source), count):
            moment = str(_parsed(text).get("timestamp", "")) or moment
            dated.append((moment, Line(source, text)))
    return [line for _, line in sorted(dated, key=lambda pair: pair[0])][-count:]


def follow(places: Places, names: Iterable[str]) -> Iterator[Line | None]:
    """Lines as they are written, from now on, without end; None when there are none right now."""
    at: dict[str, int] = {source: _size(places.log(source)) for source in names}
    rest: dict[str, bytes] = {}
    while True:
        quiet = True
        for source, position in at.items():
            size = _size(places.log(source))
            if size < position:
                position = 0  # emptied under us
            if size > position:
                quiet = False
                with places.log(source).open("rb") as opened:
                    opened.seek(position)
                    read = rest.get(source, b"") + opened.read(size - position)
                *lines, rest[source] = read.split(b"\n")
                yield from (Line(source, line.decode(errors="replace")) for line in lines)
            at[source] = size
        if quiet:
            yield None
            time.sleep(_POLL_S)


def render(line: Line) -> Text:
    """One line for people: when, who, what, and the fields."""
    fields = _parsed(line.text)
    shown = Text()
    if not fields:
        shown.append(f"{'':8} {line.source:<20} ", style="cyan")
        return shown.append(line.text)
    level = str(fields.get("level", "info"))
    shown.append(f"{_clock(str(fields.get('timestamp', '')))} ", style="dim")
    shown.append(f"{line.source:<20} ", style="cyan")
    shown.append(str(fields.get("event", "")), style=_STYLES.get(level, ""))
    if level not in ("info", "debug"):
        shown.append(f" [{level}]", style=_STYLES.get(level, ""))
    for name, value in fields.items():
        if name not in _ALREADY_SHOWN:
            shown.append(f" {name}=", style="dim").append(str(value))
    if exception := fields.get("exception"):
        shown.append("\n").append(str(exception), style="red")
    return shown


def write_event(places: Places, kind: str, text: str, seconds: float) -> None:
    """A line of the supervisor's own log, in the form of the services' logs."""
    level = {"bad": "warning"}.get(kind, "info")
    moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    fields = {"event": text, "level": level, "timestamp": moment, "service": "dev"}
    if kind == "done":
        fields["seconds"] = f"{seconds:.1f}"
    with places.log("dev").open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(fields) + "\n")


def _parsed(text: str) -> dict[str, object]:
    if not text.startswith("{"):
        return {}
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _clock(timestamp: str) -> str:
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return f"{'':8}"


def _tail(log: Path, count: int) -> list[str]:
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, _size(log) - 400 * max(count, 20)))
            text = opened.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-count:] if count else []


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0
