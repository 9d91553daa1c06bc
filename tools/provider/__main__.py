"""`python -m tools.provider --data DIR --webhook-url URL`"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from tools.provider.faults import Control
from tools.provider.ledger import Ledger
from tools.provider.web import web_server
from tools.provider.webhooks import Herald


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.provider",
        description="A payment provider for this machine: it moves no money, and keeps a ledger.",
        epilog="example: python -m tools.provider --data .dev/provider",
    )
    parser.add_argument("--http", type=_address, default=("127.0.0.1", 8015), metavar="HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, help="folder of ledger.jsonl")
    parser.add_argument(
        "--webhook-url", default="", metavar="URL", help="who is told; nobody if unset"
    )
    parser.add_argument("--secret", help="signs webhooks; or PROVIDER_WEBHOOK_SECRET")
    parser.add_argument("--api-key", help="the caller's; or PROVIDER_API_KEY")
    said = parser.parse_args()
    # From the environment as well, so that `ps` shows neither.
    secret = said.secret or os.environ.get("PROVIDER_WEBHOOK_SECRET", "")
    api_key = said.api_key or os.environ.get("PROVIDER_API_KEY", "")
    if not secret or not api_key:
        parser.error("--secret and --api-key, or their variables, are needed")

    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    control = Control()
    herald = Herald(said.webhook_url, secret, control)
    try:
        ledger = Ledger(said.data / "ledger.jsonl")
        host, port = said.http
        web = web_server(ledger, control, herald, api_key=api_key, host=host, port=port)
    except OSError as error:
        print(f"provider: cannot start: {error}", file=sys.stderr)
        return 1
    threading.Thread(target=web.serve_forever, name="pages", daemon=True).start()
    print(f"provider: http://{host}:{port}", flush=True)

    asked_to_stop.wait()
    herald.stop()
    web.shutdown()
    web.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
