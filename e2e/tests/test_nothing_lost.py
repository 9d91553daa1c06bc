"""Kill anything, wipe the queue: each registration has one welcome, none is missing, none doubled.

The same run with the compare-and-set of the cursor or the sweeper of jobs switched off must fail,
or it proves nothing.
"""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from e2e.program import wait_for
from e2e.racing_shop import RacingShop
from tools.faults.faults.nothing_lost import NothingLost
from tools.faults.harness import Harness
from tools.faults.world import World

# Killing and recovering take their time.
pytestmark = pytest.mark.timeout(240)

REGISTRATIONS = 200
CUSTOMERS = 4  # at once
RECOVERY_S = 60.0
SEED = 20261122


def register(shop: RacingShop, number: int) -> None:
    """Register as a customer does who does not give up: a repeat that hears 409 has been heard."""
    body = {
        "email": f"customer-{number}@example.com",
        "password": "correct horse",
        "name": f"Customer {number}",
    }
    request = urllib.request.Request(
        f"{shop.url('users')}/api/v1/users",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    for _ in range(300):
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except urllib.error.HTTPError as error:
            if error.code == 409:
                return
            assert error.code == 503, error.read()
        except OSError:
            pass  # killed in between: nobody knows whether it was heard
        time.sleep(0.1)
    raise AssertionError(f"customer {number} could not register")


def open_the_doors(shop: RacingShop, registrations: int) -> list[threading.Thread]:
    """Customers that register, several at once; returns their threads."""

    def customer(first: int) -> None:
        for number in range(first, registrations, CUSTOMERS):
            register(shop, number)

    threads = [threading.Thread(target=customer, args=(n,)) for n in range(CUSTOMERS)]
    for thread in threads:
        thread.start()
    return threads


def welcomed(shop: RacingShop) -> Counter[str]:
    """How many different mails each address got, told apart by their Message-ID as providers do."""
    return Counter(mail.to for mail in shop.ground.mailbox.mails())


def tallied(shop: RacingShop) -> int:
    ((count,),) = shop.rows("notifications", "SELECT count(*) FROM tally")
    assert isinstance(count, int)
    return count


def doubled(shop: RacingShop, registrations: int) -> bool:
    """Whether more was handled than happened, once as much was."""
    wait_for(lambda: tallied(shop) >= registrations, 30, "every registration is handled")
    time.sleep(1)
    return tallied(shop) > registrations


def assert_nothing_lost_nothing_doubled(
    shop: RacingShop, registrations: int, within_s: float
) -> None:
    wait_for(
        lambda: len(welcomed(shop)) == registrations and tallied(shop) >= registrations,
        within_s,
        f"a welcome for each of {registrations} registrations",
    )
    time.sleep(2)  # for what comes once too often
    assert set(welcomed(shop).values()) == {1}
    assert tallied(shop) == registrations
    ((parked,),) = shop.rows("notifications", "SELECT count(*) FROM job WHERE state = 'parked'")
    assert parked == 0


def test_each_of_200_registrations_is_welcomed_once_whatever_dies(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with RacingShop(tmp_path) as shop:
        customers = open_the_doors(shop, REGISTRATIONS)
        victims = [*shop.programs, "queue", "queue wiped"]
        chance.shuffle(victims)

        for victim in [*victims, *chance.choices([*shop.programs, "queue"], k=4)]:
            time.sleep(chance.uniform(0.5, 2.0))
            if victim == "queue wiped":
                shop.wipe_queue()
            elif victim == "queue":
                shop.kill_queue()
            else:
                shop.programs[victim].kill_and_start()
        for customer in customers:
            customer.join()

        assert_nothing_lost_nothing_doubled(shop, REGISTRATIONS, RECOVERY_S)


def test_without_the_compare_and_set_of_the_cursor_the_count_is_wrong(tmp_path: Path) -> None:
    with RacingShop(tmp_path, without=("compare-and-set",)) as shop:
        # Two that race do not meet at every event, and one may still be on its way at first.
        for registrations in range(40, REGISTRATIONS + 1, 40):
            for customer in open_the_doors(shop, registrations):
                customer.join()
            if doubled(shop, registrations):
                break

        with pytest.raises(AssertionError):
            assert_nothing_lost_nothing_doubled(shop, registrations, 15)


def test_without_the_sweeper_a_wiped_queue_loses_welcomes(tmp_path: Path) -> None:
    with RacingShop(tmp_path, without=("sweeper",)) as shop:
        workers = [label for label in shop.programs if label.startswith("notifications")]
        for worker in workers:
            shop.programs[worker].kill()
        for customer in open_the_doors(shop, 40):
            customer.join()

        # The ids of jobs are sent to a queue that is not there.
        with shop.queue_away():
            for worker in workers:
                shop.programs[worker].start()
            wait_for(lambda: tallied(shop) >= 40, 30, "every registration is handled")

        with pytest.raises(AssertionError):
            assert_nothing_lost_nothing_doubled(shop, 40, 8)


def test_the_fault_of_10_000_events_holds_with_300(tmp_path: Path) -> None:
    with World(tmp_path / "shop") as world:
        harness = Harness(world, seed=SEED, seconds=1.0, baseline_s=0.0)

        (outcome,) = harness.run([NothingLost(300, publish_s=15.0)]).outcomes

    assert (outcome.state, outcome.reason) == ("held", "")
    assert outcome.figures["events"] == 300
    assert {verdict.claim: verdict.checked for verdict in outcome.verdicts}[
        "nothing is lost or doubled"
    ] == 300
