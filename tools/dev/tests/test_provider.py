"""The payment simulator is part of a run that has payments, and of no other."""

from __future__ import annotations

from pathlib import Path

from tools.dev import provider
from tools.dev.catalog import Service
from tools.dev.places import Places
from tools.dev.ports import wanted_ports

USERS, PAYMENTS = Service("users", 8001), Service("payments", 8004)


def test_only_who_has_payments_has_a_provider() -> None:
    assert "provider" not in wanted_ports([USERS])
    assert wanted_ports([USERS, PAYMENTS])["provider"] == 8015


def test_payments_and_the_provider_are_told_the_same_secrets_in_every_run(tmp_path: Path) -> None:
    places = Places(tmp_path)
    for folder in (places.dev, places.secrets):
        folder.mkdir()

    told = provider.environment(places, {"provider": 9015})
    again = provider.environment(places, {"provider": 9015})

    assert told == again
    assert told["PAYMENT_PROVIDER"] == "simulator"
    assert told["PROVIDER_URL"] == "http://127.0.0.1:9015"
    assert len({told["PROVIDER_API_KEY"], told["PROVIDER_WEBHOOK_SECRET"]}) == 2
    assert len(told["PROVIDER_WEBHOOK_SECRET"]) >= 16
