"""Static files, each under a name that holds its content's hash: a browser may keep it for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    plain: bytes
    packed: bytes
    kind: str


class Assets:
    """The files of a folder, read and compressed once, when the process begins."""

    def __init__(self, folder: Path) -> None:
        files = [_read(path) for path in sorted(folder.iterdir()) if path.suffix in _KINDS]
        self._paths = {name: file.path for name, file in files}
        self._files = {file.path: file for _, file in files}

    def path(self, name: str) -> str:
        """Where the file of this name is served. Raises KeyError for one that is not there."""
        return f"/static/{self._paths[name]}"

    def mount(self, app: Flask) -> None:
        """Serve them, compressed for whoever takes that."""

        @app.get("/static/<name>", endpoint="static", provide_automatic_options=False)
        def static(name: str) -> Response:
            file = self._files.get(name)
            if file is None:
                abort(404)
            packed = takes_gzip()
            made = Response(file.packed if packed else file.plain, content_type=file.kind)
            made.headers["Cache-Control"] = _FOR_EVER
            made.headers["Vary"] = "Accept-Encoding"
            if packed:
                made.headers["Content-Encoding"] = "gzip"
            return made


def takes_gzip() -> bool:
    """Whether the request's sender can read gzip."""
    return bool(request.accept_encodings["gzip"])


def _read(path: Path) -> tuple[str, _File]:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    name = f"{path.stem}.{digest}{path.suffix}"
    return path.name, _File(name, content, gzip.compress(content, 9, mtime=0), _KINDS[path.suffix])
