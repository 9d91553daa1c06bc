"""What is no operation of the contract: the provider's webhooks."""

from __future__ import annotations

import time

from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from contracts.core.chassis import BadRequest, BodyTooLarge
from libs.telemetry.logs import get_logger
from services.payments import services, webhooks
from services.payments.deps import Deps

log = get_logger(__name__)

BODY_LIMIT = 256 * 1024
"""Stripe's are some 5 KB."""


def mount(app: Flask, deps: Deps) -> None:
    """`POST /webhooks/provider`, for whoever signs with our secret.

    200 for everything that is genuine, also for what tells us nothing new or is none of our
    business, else the provider would send it for days; 400 for a forgery, 503 without a database.
    """

    @app.post("/webhooks/provider", provide_automatic_options=False)
    def webhook() -> Response:
        # Werkzeug cuts a body in chunks off at its limit, without a word: ours lies before it.
        request.max_content_length = BODY_LIMIT + 1
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            raise BodyTooLarge(limit_bytes=BODY_LIMIT) from None
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge(limit_bytes=BODY_LIMIT)
        header = request.headers.get("Stripe-Signature", "")
        if not webhooks.is_genuine(body, header, deps.webhook_secrets, now=time.time()):
            log.warning("webhook refused")
            raise BadRequest(detail="Stripe-Signature is missing, false or too old")
        notice = webhooks.read(body)
        if notice is None:
            log.info("webhook ignored")
        else:
            with deps.messages.transaction() as tx:
                services.take_notice(tx, notice)
        return Response('{"received": true}\n', content_type="application/json")
