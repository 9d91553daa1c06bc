"""`up` and `down`: the supervisor in the foreground or behind a pipe, and its end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO

from tools.dev import logs, show, state, together
from tools.dev.errors import Busy, Refusal
from tools.dev.healing import end_leftovers, end_supervisor, only_one
from tools.dev.places import Places
from tools.dev.state import State
from tools.dev.supervisor import Supervisor
from tools.dev.system import Options

_INTERRUPTED = 130
_START_S = 300.0


def up(places: Places, options: Options, *, background: bool) -> None:
    """Returns when everything is ready (background) or was ended (foreground)."""
    now = _settled(places)
    try:
        if now is not None:
            _join(places, now, options)
        elif background:
            _in_background(places, options)
        else:
            _in_foreground(places, options)
    except Busy:
        # Another `up` began in the same moment and was faster: theirs is as good.
        now = state.running(places)
        if now is None:
            raise
        _join(places, now, options)


def down(places: Places) -> None:
    """Ends the run, or what a killed one left; says so when there is nothing."""
    began = time.monotonic()
    if now := state.running(places):
        end_supervisor(places, now.supervisor)
        show.say(f"Stopped in {time.monotonic() - began:.1f} s. The data is in .dev/.")
        return
    with only_one(places):
        left = end_leftovers(places)
    if left:
        show.say(f"Ended {left} processes that a killed run left behind.")
    else:
        show.say("Nothing was running.")


def supervise(places: Places, options: Options) -> None:
    """The supervisor in the background: tells its progress as JSON lines on stdout."""
    told = _Pipe(sys.stdout)

    def tell(kind: str, text: str, seconds: float) -> None:
        logs.write_event(places, kind, text, seconds)
        told.send({"kind": kind, "text": text, "seconds": seconds})

    supervisor = Supervisor(places, options, tell)
    signal.signal(signal.SIGTERM, lambda *_: supervisor.ask_to_stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        supervisor.run(on_ready=lambda _: told.send({"kind": "ready"}))
    except Refusal as refusal:
        told.send({"kind": type(refusal).__name__, "text": str(refusal), "code": refusal.code})


def _in_foreground(places: Places, options: Options) -> None:
    began = time.monotonic()
    asked = threading.Event()

    def tell(kind: str, text: str, seconds: float) -> None:
        logs.write_event(places, kind, text, seconds)
        show.progress(kind, text, seconds)

    supervisor = Supervisor(places, options, tell)

    def end(*_: object) -> None:
        if asked.is_set():
            show.say("Stopping without waiting for the services' work.")
        asked.set()
        supervisor.ask_to_stop()

    def on_ready(now: State) -> None:
        show.summary(now, time.monotonic() - began)
        show.err.print("\n[dim]Ctrl-C stops everything. The logs of the services:[/]")
        shown = together.NAME if options.together else (".web", ".worker")
        names = [s for s in logs.sources(places, None) if s.endswith(shown)]
        threading.Thread(target=_show_logs, args=(places, names), daemon=True).start()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    supervisor.run(on_ready)
    show.say(f"Stopped after {time.monotonic() - began:.0f} s. The data is in .dev/.")
    if asked.is_set():
        sys.exit(_INTERRUPTED)


def _show_logs(places: Places, names: list[str]) -> None:
    with contextlib.suppress(OSError):  # the terminal is gone
        for line in logs.follow(places, names):
            if line is not None:
                show.out.print(logs.render(line), soft_wrap=True)


def _in_background(places: Places, options: Options) -> None:
    began = time.monotonic()
    command = [sys.executable, "-m", "tools.dev", "supervise"]
    command += ["--watch"] if options.watch else []
    command += ["--packaged"] if options.packaged else []
    command += ["--together"] if options.together else []
    command += ["--avoid-taken-ports"] if options.avoid_taken_ports else []
    with places.log("dev").open("ab") as errors:
        supervisor = subprocess.Popen(
            command,
            cwd=places.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        assert supervisor.stdout is not None
        refused = _hear(supervisor.stdout)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        sys.exit(_INTERRUPTED)
    if refused is not None:
        supervisor.wait()
        raise refused
    now = state.running(places)
    if now is None:
        raise Refusal("it stopped while starting; see ./dev logs dev")
    show.summary(now, time.monotonic() - began)


def _hear(lines: IO[bytes]) -> Refusal | None:
    """Shows the supervisor's progress until it is ready; else why it is not."""
    for line in lines:
        event = json.loads(line)
        if event["kind"] == "ready":
            return None
        if kind := {"Refusal": Refusal, "Busy": Busy}.get(event["kind"]):
            return kind(event["text"], event["code"])
        show.progress(event["kind"], event["text"], event["seconds"])
    return Refusal("it stopped while starting; see ./dev logs dev")


def _settled(places: Places) -> State | None:
    """The present run, unless it is just ending: that is waited for."""
    ends = time.monotonic() + _START_S
    while (now := state.running(places)) and now.phase == "stopping":
        if time.monotonic() > ends:
            raise Refusal("the former run does not end; see ./dev status, then ./dev down")
        time.sleep(0.1)
    return now


def _join(places: Places, now: State, options: Options) -> None:
    """Everything runs already: waits until it is ready and says where."""
    wanted = (options.packaged, options.watch, options.together)
    if (now.packaged, now.watch, now.together) != wanted:
        raise Refusal("it is up with other options; ./dev down first")
    waited_from = time.monotonic()
    while now.phase == "starting":
        time.sleep(0.1)
        again = state.running(places)
        if again is None or time.monotonic() - waited_from > _START_S:
            raise Refusal("another ./dev up is starting it and does not get ready; ./dev status")
        now = again
    show.say("It is up already; ./dev logs -f shows what it does, ./dev down stops it.\n")
    show.summary(now, 0)


class _Pipe:
    """Tells whoever started us, as long as they listen."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._write: Callable[[str], object] = stream.write

    def send(self, event: dict[str, object]) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._write(json.dumps(event) + "\n")
            self._stream.flush()
            if event["kind"] in ("ready", "Refusal", "Busy"):
                # From now on nobody reads: a full pipe must not hold us up.
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
