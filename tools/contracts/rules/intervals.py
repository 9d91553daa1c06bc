"""Bounds as sets: `gt=0` of an int is `ge=1`, `gt=0` of a decimal with two places is `ge=0.01`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import Any

from pydantic import TypeAdapter

from tools.contracts.form.model import Json

SMALLEST, LARGEST = Fraction(-(2**63)), Fraction(2**63 - 1)


@dataclass(frozen=True, slots=True)
class Interval:
    """The values between two bounds (None: no bound), of which only multiples of `step` count if there
    is one. With a step the bounds are multiples themselves, so never open."""

    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False
    step: Fraction | None = None

    def __le__(self, other: Interval) -> bool:
        """Whether each value of this one is one of the other's."""
        if self.empty:
            return True
        if not (self._above(other) and self._below(other)):
            return False
        if other.step is None or (self.low is not None and self.low == self.high == 0):
            return True
        if self.step is not None and (self.step / other.step).denominator == 1:
            return True
        return self.low is not None and self.low == self.high and self.low in other

    def __contains__(self, value: Any) -> bool:
        value = Fraction(value) if isinstance(value, int | float) else value
        low = self.low is None or (self.low < value if self.low_open else self.low <= value)
        high = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return low and high and (self.step is None or (value / self.step).denominator == 1)

    @property
    def empty(self) -> bool:
        """Whether no value is between the bounds."""
        if self.low is None or self.high is None:
            return False
        return bool(
            self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))
        )

    def _above(self, other: Interval) -> bool:
        if other.low is None:
            return True
        if self.low is None or self.low < other.low:
            return False
        return bool(self.low > other.low or self.low_open or not other.low_open)

    def _below(self, other: Interval) -> bool:
        if other.high is None:
            return True
        if self.high is None or self.high > other.high:
            return False
        return bool(self.high < other.high or self.high_open or not other.high_open)

    def spelt(self, unit: str = "") -> str:
        """The values in words."""
        said = []
        if self.low not in (None, SMALLEST) and not (unit and self.low == 0):
            said.append(f"{'more than' if self.low_open else 'at least'} {_said(self.low)}")
        if self.high not in (None, LARGEST):
            said.append(f"{'less than' if self.high_open else 'at most'} {_said(self.high)}")
        if self.step is not None and self.step != 1:
            said.append(f"multiples of {_said(self.step)}")
        return (" and ".join(said) or "any number of") + (f" {unit}" if unit else "")


def numbers(kind: str, said: Mapping[str, Json], *, digits: bool = False) -> Interval:
    """The numbers that the constraints of an int, float or decimal admit; with `digits` also the whole
    ones that a decimal of so many digits can be."""
    step = Fraction(1) if kind == "int" else None
    if kind == "decimal" and said.get("decimal_places") is not None:
        step = Fraction(1, 10 ** said["decimal_places"])
    if said.get("multiple_of"):
        step = _common(step, Fraction(str(said["multiple_of"])))
    low, low_open = _bound(said, "ge", "gt", max)
    high, high_open = _bound(said, "le", "lt", min)
    if kind == "int":
        # What the language holds every number to goes without saying in the form.
        low, high = SMALLEST if low is None else low, LARGEST if high is None else high
    if digits and kind == "decimal" and said.get("max_digits") is not None:
        most = Fraction(10) ** max(said["max_digits"] - (said.get("decimal_places") or 0), 0) - 1
        low = -most if low is None else max(low, -most)
        high = most if high is None else min(high, most)
    if step is None:
        return Interval(low, high, low_open, high_open)
    if low is not None:
        first = ceil(low / step)
        low = (first + (low_open and first * step == low)) * step
    if high is not None:
        last = floor(high / step)
        high = (last - (high_open and last * step == high)) * step
    return Interval(low, high, step=step)


def sizes(low: int, high: int | None) -> Interval:
    """Lengths and counts."""
    return Interval(Fraction(low), None if high is None else Fraction(high), step=Fraction(1))


def moments(kind: str, said: Mapping[str, Json]) -> Interval:
    """The moments that the constraints admit."""

    def read(*names: str) -> dict[str, Any]:
        return {name: _moment(kind, said[name]) for name in names if name in said}

    low, low_open = _either(read("ge", "gt"), "gt", max)
    high, high_open = _either(read("le", "lt"), "lt", min)
    return Interval(low, high, low_open, high_open)


_READERS: Mapping[str, TypeAdapter[Any]] = {
    "datetime": TypeAdapter(datetime),
    "date": TypeAdapter(date),
    "time": TypeAdapter(time),
    "timedelta": TypeAdapter(timedelta),
}


def _moment(kind: str, said: Json) -> Any:
    moment = _READERS[kind].validate_python(said)
    # Bounds with and without an offset would not compare; read as UTC they are at least ordered.
    if isinstance(moment, datetime | time) and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment


def _bound(said: Mapping[str, Json], shut: str, open_: str, pick: Any) -> tuple[Any, bool]:
    return _either(
        {name: Fraction(str(said[name])) for name in (shut, open_) if name in said}, open_, pick
    )


def _either(read: Mapping[str, Any], open_: str, pick: Any) -> tuple[Any, bool]:
    if not read:
        return None, False
    tightest = pick(read.values())
    return tightest, read.get(open_) == tightest


def _common(one: Fraction | None, other: Fraction) -> Fraction:
    """The least step that is a multiple of both."""
    if one is None:
        return other
    return Fraction(lcm(one.numerator, other.numerator), gcd(one.denominator, other.denominator))


def _said(value: Any) -> str:
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else str(float(value))
    return str(value)
