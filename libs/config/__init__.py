"""Configuration: from the environment and secret files, checked before anything starts."""

from libs.config.loading import ConfigurationError, load, peer_urls
from libs.config.settings import Settings

__all__ = ["ConfigurationError", "Settings", "load", "peer_urls"]
