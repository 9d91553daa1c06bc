"""How the shop says prices, times and stock."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.catalog import v1 as catalog
from contracts.shared.money import Money

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
# So few are worth hurrying for.
_FEW = 5
_MONTHS = (
    "January February March April May June July August September October November December".split()
)


def price(money: Money) -> str:
    """`€14.50`; a currency without a sign of its own comes with its code: `CHF 14.50`."""
    amount, _, currency = str(money).rpartition(" ")
    sign = _SIGNS.get(currency)
    minus, amount = ("\N{MINUS SIGN}", amount[1:]) if amount.startswith("-") else ("", amount)
    return f"{minus}{sign}{amount}" if sign else f"{minus}{currency} {amount}"


def when(moment: datetime, now: datetime | None = None) -> str:
    """`3 minutes ago`, `today at 14:05 UTC`, `on 3 November 2026`."""
    now = now or datetime.now(UTC)
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        minutes = int(seconds // 60)
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    days = (now.date() - moment.date()).days
    if days <= 1:
        return f"{'today' if days == 0 else 'yesterday'} at {moment:%H:%M} UTC"
    return f"on {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def wait(seconds: int) -> str:
    """`a minute`, `4 minutes`, `20 seconds`."""
    if seconds < 55:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def stock(product: catalog.Product) -> tuple[str, str]:
    """Of what kind it is (`none`, `few`, `many`), and in words."""
    left = product.units_left
    if left == 0:
        return "none", "Sold out"
    return ("few", f"Only {left} left") if left <= _FEW else ("many", "In stock")


def category(name: str) -> str:
    """`tea-and-coffee` as `Tea and coffee`."""
    return name.replace("-", " ").capitalize()


def attribute(name: str, value: object) -> tuple[str, str]:
    """`capacity_ml`, 350 as `Capacity`, `350 ml`."""
    stem, _, unit = name.rpartition("_")
    shown = _UNITS.get(unit)
    if stem and shown is not None and isinstance(value, int | float):
        return stem.replace("_", " ").capitalize(), f"{value} {shown}".strip()
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    return name.replace("_", " ").capitalize(), str(value)


_UNITS = {
    "ml": "ml",
    "cm": "cm",
    "mm": "mm",
    "m": "m",
    "g": "g",
    "kg": "kg",
    "c": "°C",
    "gsm": "g/m²",
}
