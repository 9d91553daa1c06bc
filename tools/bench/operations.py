"""CPU of a request in process: WSGI in, WSGI out, no server around it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask import Flask

from contracts.core import Anyone
from tools.bench import apps
from tools.bench.promises import GetOrder, PlaceOrder
from tools.bench.tables import Report
from tools.bench.timing import Call, Cost, interleaved

SEED, OURS = "seed: marshmallow, jsonify", "ours"
POST_BUDGET_US, GET_BUDGET_US, SHARE_OF_SEED = 100.0, 75.0, 0.2
_BODY = PlaceOrder(lines=apps.LINES).model_dump_json().encode()


def measure(*, rounds: int = 40, calls: int = 300) -> Report:
    """Ours beside bare Flask, Flask with pydantic, and the article's form, in one run."""
    made = {name: form() for name, form in apps.FORMS.items()}
    forms = {name: app for name, app in made.items() if app is not None}
    shelf = {apps.ORDER_ID: apps.an_order()}
    placing, getting = (
        PlaceOrder(lines=shelf[apps.ORDER_ID].lines),
        GetOrder(order_id=apps.ORDER_ID),
    )
    post: dict[str, Call] = {name: poster(app) for name, app in forms.items()}
    get: dict[str, Call] = {name: getter(app) for name, app in forms.items()}
    handlers: dict[str, Call] = {
        "POST": lambda: apps.place(placing, Anyone(), shelf),
        "GET": lambda: apps.get(getting, Anyone(), shelf),
    }
    costs = interleaved(
        {
            **{f"POST {name}": call for name, call in post.items()},
            **{f"GET {name}": call for name, call in get.items()},
            **{f"{method} handler": call for method, call in handlers.items()},
        },
        rounds=rounds,
        calls=calls,
    )
    return _report(costs, tuple(forms))


def _report(costs: dict[str, Cost], forms: tuple[str, ...]) -> Report:
    report = Report(
        "operations",
        "CPU of a request in process, us (best round; the median in brackets)",
        ("", "POST", "GET", "POST / seed", "GET / seed"),
    )
    seed = {m: costs[f"{m} {SEED}"].best_us if SEED in forms else None for m in ("POST", "GET")}
    for name in forms:
        row = [costs[f"{method} {name}"] for method in ("POST", "GET")]
        shares = [c.best_us / s if s else None for c, s in zip(row, seed.values(), strict=True)]
        report.row(
            name, *(f"{c.best_us:.0f} ({c.median_us:.0f})" for c in row), *map(_share, shares)
        )
    over = {
        method: costs[f"{method} {OURS}"].best_us - costs[f"{method} handler"].best_us
        for method in ("POST", "GET")
    }
    report.row("our handler alone", *(f"{costs[f'{m} handler'].best_us:.1f}" for m in over), "", "")
    report.row(
        "ours over the handler",
        *(f"{us:.0f}" for us in over.values()),
        *(_share(over[m] / s if (s := seed[m]) else None) for m in over),
    )
    for method, budget in (("POST", POST_BUDGET_US), ("GET", GET_BUDGET_US)):
        report.target(f"{method}: ours over the handler, us", over[method], budget)
        if base := seed[method]:
            report.target(f"{method}: that, of the seed's", over[method] / base, SHARE_OF_SEED)
    if SEED not in forms:
        report.missing("marshmallow", "the article's form is left out")
    return report


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2f}"


def poster(app: Flask) -> Callable[[], object]:
    """A call that places the order."""
    return _caller(app, "POST", "/api/v1/orders", _BODY, "201 CREATED")


def getter(app: Flask) -> Callable[[], object]:
    """A call that gets the order."""
    return _caller(app, "GET", f"/api/v1/orders/{apps.ORDER_ID}", b"", "200 OK")


def _caller(app: Flask, method: str, path: str, body: bytes, expected: str) -> Callable[[], object]:
    """The app called as gunicorn calls it, with the headers that curl sends."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8003",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "gunicorn",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "HTTP_HOST": "127.0.0.1:8003",
        "HTTP_USER_AGENT": "curl/8.5.0",
        "HTTP_ACCEPT": "*/*",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    if body:
        environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    seen: list[str] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        seen[:] = (status,)
        return seen.append  # type: ignore[return-value]  # nobody writes

    def call() -> object:
        answer = app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        written = b"".join(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        return written

    call()
    if seen != [expected]:
        raise RuntimeError(f"{method} {path} answered {seen}, not {expected}")
    return call
