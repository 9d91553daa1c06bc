"""The curve of a fault as SVG: latency on a logarithmic scale, and below it what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from tools.faults.outcome import Outcome, Second

_WIDTH, _HEIGHT = 460, 210
_LEFT, _RIGHT, _TOP, _CURVE_ENDS, _MARKS_END = 46, 446, 18, 140, 186
_LEAST_MS, _MOST_MS = 3.0, 300.0  # of the axis, when nothing was quicker or slower


def curve(outcome: Outcome) -> str:
    """An <svg>; empty text for a fault without a curve. Colours are the page's: see report.css."""
    seconds = outcome.curve
    if not seconds:
        return ""
    x = _along(seconds)
    y = _up(seconds)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="curve" '
        f'aria-label="Latency and errors through {escape(outcome.fault, quote=True)}">',
        *_shades(outcome, x),
        *_grid(seconds, x, y),
        _line("spared", seconds, x, y, lambda second: second.spared_p95_ms),
        _line("all", seconds, x, y, lambda second: second.p95_ms),
        *_marks(seconds, x),
        *_tips(seconds, x),
        "</svg>",
    ]
    return "".join(part for part in parts if part)


Scale = Callable[[float], float]


def _along(seconds: Sequence[Second]) -> Scale:
    first, last = seconds[0].at_s, max(seconds[-1].at_s + 1, seconds[0].at_s + 5)
    return lambda at_s: _LEFT + (at_s - first) / (last - first) * (_RIGHT - _LEFT)


def _decades(seconds: Sequence[Second]) -> tuple[float, float]:
    seen = [ms for second in seconds for ms in (second.p95_ms, second.spared_p95_ms) if ms > 0]
    return min([_LEAST_MS, *seen]), max([_MOST_MS, *seen]) * 1.15


def _up(seconds: Sequence[Second]) -> Scale:
    from math import log10

    least, most = _decades(seconds)

    def y(ms: float) -> float:
        share = (log10(max(ms, least)) - log10(least)) / (log10(most) - log10(least))
        return _CURVE_ENDS - share * (_CURVE_ENDS - _TOP)

    return y


def _shades(outcome: Outcome, x: Scale) -> Iterable[str]:
    last = outcome.curve[-1].at_s + 1
    lifted, drained = outcome.fault_s, outcome.fault_s + outcome.drained_s
    for name, begins, ends in (("fault", 0.0, lifted), ("drain", lifted, drained)):
        begins, ends = max(begins, outcome.curve[0].at_s), min(ends, last)
        if ends > begins:
            wide = x(ends) - x(begins)
            yield (
                f'<rect class="{name}" x="{x(begins):.1f}" y="{_TOP}" width="{wide:.1f}" '
                f'height="{_MARKS_END - _TOP}"/>'
            )
            if wide > 24:
                yield f'<text class="phase" x="{x(begins) + 3:.1f}" y="{_TOP - 5}">{name}</text>'


def _grid(seconds: Sequence[Second], x: Scale, y: Scale) -> Iterable[str]:
    least, most = _decades(seconds)
    for ms in (1, 10, 100, 1_000, 10_000, 100_000):
        if least <= ms <= most:
            shown = f"{ms} ms" if ms < 1_000 else f"{ms // 1_000} s"
            yield f'<path class="grid" d="M{_LEFT} {y(ms):.1f}H{_RIGHT}"/>'
            yield f'<text class="scale" x="{_LEFT - 5}" y="{y(ms) + 3.5:.1f}">{shown}</text>'
    yield f'<path class="axis" d="M{_LEFT} {_MARKS_END}H{_RIGHT}"/>'
    first, last = seconds[0].at_s, seconds[-1].at_s + 1
    step = next(s for s in (5, 10, 20, 30, 60, 120, 600) if (last - first) / s <= 9 or s == 600)
    for at_s in range(first // step * step, last + 1, step):
        if at_s >= first:
            yield f'<text class="time" x="{x(at_s):.1f}" y="{_MARKS_END + 14}">{at_s} s</text>'
    yield f'<text class="scale" x="{_LEFT - 5}" y="{_MARKS_END - 2}">not ok</text>'


def _line(
    name: str, seconds: Sequence[Second], x: Scale, y: Scale, ms_of: Callable[[Second], float]
) -> str:
    """A second in which nobody was answered is a gap, not a zero."""
    words, pen = [], "M"
    for second in seconds:
        ms = ms_of(second)
        if ms <= 0:
            pen = "M"
            continue
        words.append(f"{pen}{x(second.at_s + 0.5):.1f} {y(ms):.1f}")
        # A lone second between gaps would be a point without length.
        words.append("h.1" if pen == "M" else "")
        pen = "L"
    return f'<path class="line {name}" d="{"".join(words)}"/>' if words else ""


def _marks(seconds: Sequence[Second], x: Scale) -> Iterable[str]:
    most = max([10, *(second.failed + second.unknown for second in seconds)])
    room = _MARKS_END - _CURVE_ENDS - 8
    for second in seconds:
        foot = float(_MARKS_END)
        for name, count in (("failed", second.failed), ("unknown", second.unknown)):
            if count:
                tall = max(2.0, count / most * room)
                foot -= tall
                wide = max(1.0, x(1) - x(0) - 1)
                yield (
                    f'<rect class="{name}" x="{x(second.at_s) + 0.5:.1f}" y="{foot:.1f}" '
                    f'width="{wide:.1f}" height="{tall:.1f}"/>'
                )


def _tips(seconds: Sequence[Second], x: Scale) -> Iterable[str]:
    for second in seconds:
        said = f"{second.at_s} s: {second.ok} ok, {second.failed} failed, {second.unknown} unknown"
        said += f"; p50 {second.p50_ms:.0f} ms, p95 {second.p95_ms:.0f} ms"
        said += f", spared p95 {second.spared_p95_ms:.0f} ms"
        yield (
            f'<rect class="tip" x="{x(second.at_s):.1f}" y="{_TOP}" width="{x(1) - x(0):.1f}" '
            f'height="{_MARKS_END - _TOP}"><title>{escape(said)}</title></rect>'
        )
