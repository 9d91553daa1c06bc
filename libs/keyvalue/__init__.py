"""Valkey for what may be lost: throttles, sessions and carts."""

from libs.keyvalue.throttle import Throttle
from libs.keyvalue.valkey import KeyValue

__all__ = ["KeyValue", "Throttle"]
