"""The payment simulator of a run, and what payments is told about it."""

import sys
from collections.abc import Iterable, Mapping

from tools.dev import keys
from tools.dev.catalog import Service
from tools.dev.places import Places
from tools.dev.units import Command

NAME = "provider"
_HOST = "127.0.0.1"
_PORT = 8015
_API_KEY, _WEBHOOK_SECRET = "provider_api_key", "provider_webhook_secret"


def ports(services: Iterable[Service]) -> dict[str, int]:
    """Its documented port, in a checkout that has someone to ask it."""
    return {NAME: _PORT} if any(service.name == "payments" for service in services) else {}


def unit(places: Places, ports: Mapping[str, int], environment: Mapping[str, str]) -> Command:
    """The simulator as a process; `environment` is that of all our Python code."""
    address = f"{_HOST}:{ports[NAME]}"
    webhooks = f"http://{_HOST}:{ports['payments.web']}/webhooks/provider"
    command = [sys.executable, "-m", "tools.provider", "--data", str(places.data(NAME))]
    command += ["--http", address, "--webhook-url", webhooks]
    told = {**environment, **_secrets(places)}
    return Command(
        lambda: command,
        folder=places.root,
        environment=lambda: told,
        log=places.log(NAME),
        ready_url=f"http://{address}/livez",
    )


def environment(places: Places, ports: Mapping[str, int]) -> dict[str, str]:
    """The variables of payments that say who takes the money."""
    return {
        "PAYMENT_PROVIDER": "simulator",
        "PROVIDER_URL": f"http://{_HOST}:{ports[NAME]}",
        **_secrets(places),
    }


def _secrets(places: Places) -> dict[str, str]:
    kept = keys.passwords(places, (_API_KEY, _WEBHOOK_SECRET))
    return {
        "PROVIDER_API_KEY": kept[_API_KEY],
        "PROVIDER_WEBHOOK_SECRET": kept[_WEBHOOK_SECRET],
    }
