"""What is no operation of the contract: the public keys of users' tokens."""

from __future__ import annotations

import json

from flask import Flask, Response

from services.users.deps import Deps

# Other services read the keys again when they meet one that they do not know.
MAX_AGE_S = 300


def mount(app: Flask, deps: Deps) -> None:
    """`GET /.well-known/jwks.json`, for anyone."""

    @app.get("/.well-known/jwks.json", provide_automatic_options=False)
    def jwks() -> Response:
        made = Response(
            json.dumps(deps.signing_keys.public_set()), content_type="application/jwk-set+json"
        )
        made.cache_control.public = True
        made.cache_control.max_age = MAX_AGE_S
        return made
