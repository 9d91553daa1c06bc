"""The storefront as a program: `main.py web|healthy`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from libs.runtime import Program, main
from services.storefront.config import StorefrontSettings

if TYPE_CHECKING:
    from flask import Flask


def app() -> Flask:
    from services.storefront.app import create_app

    return create_app()


program = Program(name="storefront", settings=StorefrontSettings, app=app)

if __name__ == "__main__":
    sys.exit(main(program))
