"""Ports of the loopback address."""

import secrets
import socket

HOST = "127.0.0.1"

# Below those that the system gives to outgoing connections (from 32768): on a busy machine one of
# these took a port between its choice and its use, so that a whole shop of fourteen did not start.
_LOWEST, _HIGHEST = 15_000, 31_999


def free_port() -> int:
    """A port that nobody listens on right now. Somebody may take it before you do."""
    while True:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST + 1)
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections of a former listener that still time out are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
