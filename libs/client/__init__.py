"""Calls to neighbours, and to APIs that are not of this shop."""

from libs.telemetry.absent import absent

with absent("rich"):  # for the command line of httpx, which nobody here calls
    import httpx as _httpx  # noqa: F401
from libs.client.api import Api, Call, Neighbour
from libs.client.bulkhead import calls_at_once
from libs.client.gather import gather
from libs.client.jwks import keys_from_users
from libs.client.neighbours import HttpNeighbour, LocalNeighbour
from libs.client.outbound import Outbound
from libs.client.peers import FeedReader, Peers

__all__ = [
    "Api",
    "Call",
    "FeedReader",
    "HttpNeighbour",
    "LocalNeighbour",
    "Neighbour",
    "Outbound",
    "Peers",
    "calls_at_once",
    "gather",
    "keys_from_users",
]
