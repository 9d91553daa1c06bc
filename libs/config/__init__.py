"""Configuration: from the environment and secret files, checked before anything starts."""

from libs.config.loading import ConfigurationError, load, peer_urls
from libs.config.settings import (
    DatabaseSettings,
    DocsSettings,
    MigrationSettings,
    Settings,
    WebSettings,
)

__all__ = [
    "ConfigurationError",
    "DatabaseSettings",
    "DocsSettings",
    "MigrationSettings",
    "Settings",
    "WebSettings",
    "load",
    "peer_urls",
]
