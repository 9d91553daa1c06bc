"""The shop's pages, one module for each subject."""

from __future__ import annotations

from flask import Flask

from services.storefront.deps import Deps
from services.storefront.pages import account, browse, cart, checkout, orders


def mount(app: Flask, deps: Deps) -> None:
    """All of them."""
    for subject in (browse, cart, checkout, orders, account):
        subject.mount(app, deps)
