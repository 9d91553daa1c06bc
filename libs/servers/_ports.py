"""Ports of the loopback address."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"

_LOWEST = 10_240
_ATTEMPTS = 50
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port that nobody listens on right now. Somebody may take it before you do; not the kernel
    for somebody's connection, if that can be helped: it is none of those that it gives away."""
    highest = _lowest_given_away() - 1
    for _ in range(_ATTEMPTS if highest > _LOWEST else 0):
        port = random.randint(_LOWEST, highest)
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        given: int = probe.getsockname()[1]
        return given


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections of a former listener that still time out are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _lowest_given_away() -> int:
    try:
        return int(_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
