"""URL adapters: which rule a request's path belongs to, for a host that is let in."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Request
from werkzeug.routing import Map, MapAdapter, Rule

HOSTS_REMEMBERED = 100


class Adapters:
    """Makes an app's URL adapters: `app.create_url_adapter` is Flask's hook for that.

    A host that Flask has checked is not checked again (9 us of the 41 that an empty view takes),
    and the two commonest shapes of a path are looked up instead of walked along (5 us).
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._checked = app.create_url_adapter
        self._trusted: Any = None
        self._names: dict[tuple[str | None, str], tuple[str, str]] = {}
        self._shortcuts: _Shortcuts | None = None

    def create(self, request: Request | None) -> MapAdapter | None:
        """As Flask.create_url_adapter: None without a request or SERVER_NAME; raises SecurityError
        for a host that TRUSTED_HOSTS does not have."""
        config, url_map = self._app.config, self._app.url_map
        if request is None:
            return None if config["SERVER_NAME"] is None else self._checked(None)
        environ, scheme = request.environ, request.scheme
        known = self._names.get((environ.get("HTTP_HOST"), scheme))
        if known is None or "HTTP_UPGRADE" in environ or config["TRUSTED_HOSTS"] != self._trusted:
            return self._check(request)
        if self._shortcuts is None:
            self._shortcuts = _Shortcuts(url_map)
        request.host, server_name = known
        return _Adapter(
            self._shortcuts,
            url_map,
            server_name,
            request.root_path,
            url_map.default_subdomain,
            scheme,
            request.path,
            request.method,
            request.query_string.decode(errors="replace"),
        )

    def _check(self, request: Request) -> MapAdapter | None:
        adapter = self._checked(request)
        trusted = self._app.config["TRUSTED_HOSTS"]
        if trusted != self._trusted or len(self._names) >= HOSTS_REMEMBERED:
            self._names.clear()
            self._trusted = trusted
        # Where the host chooses the rule, nothing is taken for granted.
        if adapter and not (self._app.url_map.host_matching or self._app.subdomain_matching):
            host = request.environ.get("HTTP_HOST")
            self._names[host, request.scheme] = request.host, adapter.server_name
        return adapter


class _Adapter(MapAdapter):
    def __init__(self, shortcuts: _Shortcuts, *bound: Any) -> None:
        super().__init__(*bound)
        self._shortcuts = shortcuts

    def match(self, *said: Any, **named: Any) -> Any:
        """As of MapAdapter. Flask asks for the rule, and for nothing else."""
        found = None
        if not said and named == {"return_rule": True}:
            found = self._shortcuts.find(self.default_method, self.path_info)
        return found or super().match(*said, **named)


class _Shortcuts:
    """The rules of fixed paths (`/readyz`), and those that end with their only field
    (`/api/v1/orders/<order_id>`). Whatever else there is, Werkzeug finds."""

    def __init__(self, url_map: Map) -> None:
        self._fixed: dict[tuple[str, str], Rule] = {}
        # By the path up to its last slash: the rule, its field, the fixed names beside that.
        self._by_field: dict[tuple[str, str], tuple[Rule, str, frozenset[str]]] = {}
        rules = list(url_map.iter_rules())
        for rule in rules:
            if not _is_plain(rule):
                continue
            for method in rule.methods or ():
                if re.fullmatch(r"(/[^<>/]+)+", rule.rule):
                    self._fixed.setdefault((method, rule.rule), rule)
                elif shape := re.fullmatch(r"((?:/[^<>/]+)*/)<(\w+)>", rule.rule):
                    beside = _beside(shape[1], rules)
                    # A sibling such as <int:number> would come before a plain field.
                    if all("<" not in name or re.fullmatch(r"<\w+>", name) for name in beside):
                        found = rule, shape[2], beside
                        self._by_field.setdefault((method, shape[1]), found)

    def find(self, method: str, path: str) -> tuple[Rule, dict[str, str]] | None:
        """What MapAdapter.match would find, or None when it has to be asked."""
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed, {}
        head, slash, last = path.rpartition("/")
        found = self._by_field.get((method, head + slash)) if last else None
        if found is None or last in found[2]:
            return None
        return found[0], {found[1]: last}


def _beside(head: str, rules: list[Rule]) -> frozenset[str]:
    """What rules have as the next segment after `head`."""
    after = (rule.rule[len(head) :] for rule in rules if rule.rule.startswith(head))
    return frozenset(rest.partition("/")[0] for rest in after)


def _is_plain(rule: Rule) -> bool:
    special = rule.defaults, rule.redirect_to, rule.alias, rule.build_only, rule.websocket
    return not any(special) and not rule.host and not rule.subdomain
