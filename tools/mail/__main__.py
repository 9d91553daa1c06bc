"""`python -m tools.mail --smtp 127.0.0.1:8014 --http 127.0.0.1:8006 --data DIR`"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tools.mail.mailbox import KEPT_MAILS, Mailbox
from tools.mail.smtp import smtp_server
from tools.mail.web import web_server


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mail",
        description="Takes mails by SMTP, sends none of them, and shows them on a page.",
        epilog="example: python -m tools.mail --data .dev/mail",
    )
    parser.add_argument("--smtp", type=_address, default=("127.0.0.1", 8014), metavar="HOST:PORT")
    parser.add_argument("--http", type=_address, default=("127.0.0.1", 8006), metavar="HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, help="folder of mails.jsonl")
    parser.add_argument("--keep", type=int, default=KEPT_MAILS, help="newest mails to keep")
    said = parser.parse_args()

    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    try:
        mailbox = Mailbox(said.data / "mails.jsonl", said.keep)
        smtp = smtp_server(mailbox, *said.smtp)
        web = web_server(mailbox, *said.http)
        smtp.start()
    except OSError as error:
        print(f"mail: cannot start: {error}", file=sys.stderr)
        return 1
    pages = threading.Thread(target=web.serve_forever, name="pages", daemon=True)
    pages.start()
    print(f"mail: smtp://{_spelt(said.smtp)}, http://{_spelt(said.http)}", flush=True)

    asked_to_stop.wait()
    smtp.stop()
    web.shutdown()
    web.server_close()
    return 0


def _spelt(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


if __name__ == "__main__":
    sys.exit(main())
