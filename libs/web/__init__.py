"""Flask around dispatch."""

from libs.web.boot import booted
from libs.web.serving import dispatcher_of, serve

__all__ = ["booted", "dispatcher_of", "serve"]
