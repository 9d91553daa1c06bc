"""Webhooks: told late, told twice, signed at each telling; told again while nobody takes them."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from hashlib import sha256

from tools.provider.faults import Control
from tools.provider.ledger import Entry

PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_TIMEOUT_S = 5.0
_TYPES = {
    "capture": "payment_intent.succeeded",
    "decline": "payment_intent.payment_failed",
    "refund": "refund.created",
}
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def event_of(entry: Entry) -> dict[str, object]:
    """The webhook that tells of this entry, in Stripe's words."""
    thing: dict[str, object] = {
        "id": entry.reference,
        "object": "refund" if entry.kind == "refund" else "payment_intent",
        "amount": entry.cents,
        "currency": entry.currency.lower(),
        "metadata": {"order_id": entry.order_id},
        "status": "requires_payment_method" if entry.kind == "decline" else "succeeded",
    }
    if entry.kind == "decline":
        thing["last_payment_error"] = {"code": "card_declined", "message": entry.reason}
    if entry.kind == "refund":
        thing["payment_intent"] = entry.of
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "type": _TYPES[entry.kind],
        "created": int(time.time()),
        "data": {"object": thing},
    }


def sign(body: bytes, secret: str, *, at: int) -> str:
    """The Stripe-Signature header of this body."""
    signature = hmac.new(secret.encode(), b"%d.%s" % (at, body), sha256).hexdigest()
    return f"t={at},v1={signature}"


class Herald:
    """Tells one address of new entries, each from a thread of its own: the order in which they
    arrive is left to chance, as with a real provider."""

    def __init__(self, url: str, secret: str, control: Control) -> None:
        self._url = url
        self._secret = secret
        self._control = control
        self._ended = threading.Event()

    def tell(self, entry: Entry) -> None:
        """Returns at once."""
        faults = self._control.faults
        if not self._url or not faults.webhooks:
            return
        body = json.dumps(event_of(entry)).encode()
        self._start(lambda: self._deliver(body, faults.webhook_delay_s, faults.webhook_repeats))

    def stop(self) -> None:
        """Tell no more; what was not told is lost, and nobody may rely on it."""
        self._ended.set()

    def _start(self, target: Callable[[], None]) -> None:
        threading.Thread(target=target, name="webhook", daemon=True).start()

    def _deliver(self, body: bytes, delay_s: float, repeats: int) -> None:
        if self._ended.wait(delay_s):
            return
        for _ in range(1 + repeats):
            for pause_s in PAUSES_S:
                if self._post(body) or self._ended.wait(pause_s):
                    break

    def _post(self, body: bytes) -> bool:
        request = urllib.request.Request(
            self._url,
            data=body,
            headers={
                "Content-Type": "application/json",
                "Stripe-Signature": sign(body, self._secret, at=int(time.time())),
            },
        )
        try:
            with _NO_PROXY.open(request, timeout=_TIMEOUT_S):
                return True
        except (urllib.error.URLError, OSError, ValueError):
            return False
