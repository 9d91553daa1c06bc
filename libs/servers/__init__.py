"""Real servers for a developer's machine and for tests; never for a service."""

from libs.servers._ports import free_port, is_free
from libs.servers._process import ServerFailed
from libs.servers.postgres import Postgres
from libs.servers.provision import Credentials, provision
from libs.servers.valkey import Valkey

__all__ = [
    "Credentials",
    "Postgres",
    "ServerFailed",
    "Valkey",
    "free_port",
    "is_free",
    "provision",
]
