"""What operators ask a service: is it alive, is it ready, what does it count."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from flask import Flask, Response

from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from libs.telemetry.metrics import exposition
from libs.web.draining import is_draining

log = get_logger(__name__)

Check = Callable[[], None]
"""Returns when all is well; raises Unavailable, saying what is wrong."""


def mount_probes(app: Flask, checks: Mapping[str, Check]) -> None:
    """`/livez`, `/readyz` and `/metrics`; open to whoever reaches the port."""

    def livez() -> Response:
        return _json({"status": "alive"}, 200)

    def readyz() -> Response:
        states = {name: _state(check) for name, check in checks.items()}
        well = all(state["state"] == "ok" for state in states.values()) and not is_draining()
        status = "draining" if is_draining() else "ready" if well else "not ready"
        body = {"status": status, "checks": states}
        made = _json(body, 200 if well else 503)
        if not well:
            made.headers["Retry-After"] = "1"
        return made

    def metrics() -> Response:
        content_type, text = exposition()
        return Response(text, content_type=content_type)

    for path, view in (("/livez", livez), ("/readyz", readyz), ("/metrics", metrics)):
        app.add_url_rule(
            path,
            endpoint=path[1:],
            view_func=view,
            methods=["GET"],
            provide_automatic_options=False,
        )


def _state(check: Check) -> dict[str, str | float]:
    started = time.perf_counter()
    try:
        check()
    except Unavailable as error:
        return {"state": "failed", "why": error.why}
    except (
        Exception
    ) as bug:  # whatever it is, the service is not ready, and the others are looked at
        log.exception("check", error=type(bug).__name__)
        return {"state": "failed", "why": type(bug).__name__}
    return {"state": "ok", "milliseconds": round((time.perf_counter() - started) * 1000, 1)}


def _json(body: Mapping[str, object], status: int) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
