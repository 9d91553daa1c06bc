"""A worker as a process of its own, to be killed: `python -m ... APP_URL QUEUE_URL FAULT...`."""

from __future__ import annotations

import sys
import threading

from libs.db import Database
from libs.messaging import Messages, Tx, Worker
from libs.messaging.tests.shop import Sold, Wrap, note_effect, own_feed
from libs.testing import switches


def main(app_url: str, queue_url: str, *chosen: str) -> None:
    """Has an effect for each event and one for each job."""
    for fault in chosen:
        getattr(switches, fault)()
    database = Database(app_url, service="shop", pool_size=20)
    messages = Messages("shop", database, queue_url)

    def sold(event: Sold, tx: Tx, _: None) -> None:
        note_effect(tx, f"sold {event.sku}")
        tx.later(Wrap(sku=event.sku))

    def wrap(job: Wrap, _: None) -> None:
        # As a provider does that drops a duplicate by its key.
        with messages.transaction() as tx:
            note_effect(tx, f"wrapped {job.sku} {job.key}")

    Worker(
        messages,
        None,
        consumers=[Sold.handled_by(sold)],
        jobs=[Wrap.handled_by(wrap)],
        feed_of=lambda _: own_feed(database),
    ).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
