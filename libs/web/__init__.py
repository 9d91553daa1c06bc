"""Flask around dispatch."""

from libs.web.serving import dispatcher_of, serve

__all__ = ["dispatcher_of", "serve"]
