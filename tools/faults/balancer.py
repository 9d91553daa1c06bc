"""A small balancer: new connections go in turns to the instances that say they are ready.

It does what an orchestrator's does and no more: it looks at /readyz each `PROBE_S`, and a connection
that an instance has is that instance's until it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Self

HOST = "127.0.0.1"
PROBE_S = 0.2
_PROBE_PATIENCE_S = 1.0
_CHUNK = 65536


class Balancer:
    """In front of the instances that listen on these ports; `port` is its own. Instances come and go
    behind it, and it takes connections all the while."""

    def __init__(self, instances: Sequence[int]) -> None:
        self._instances = tuple(instances)
        self._ready: list[int] = []
        self._turn = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="balancer", daemon=True)
        self._listening = threading.Event()
        self.port = 0

    def start(self) -> Self:
        """Returns when it listens."""
        self._thread.start()
        self._listening.wait()
        return self

    def stop(self) -> None:
        """Every connection ends."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ready(self) -> frozenset[int]:
        """The ports of those that get new connections now."""
        return frozenset(self._ready)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, HOST, 0))
        self.port = server.sockets[0].getsockname()[1]
        watches = [self._loop.create_task(self._watch(port)) for port in self._instances]
        self._listening.set()
        self._loop.run_forever()
        server.close()
        for task in [*watches, *asyncio.all_tasks(self._loop)]:
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _watch(self, port: int) -> None:
        while True:
            ready = await _is_ready(port)
            if ready and port not in self._ready:
                self._ready.append(port)
            elif not ready and port in self._ready:
                self._ready.remove(port)
            await asyncio.sleep(PROBE_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            connected = await self._connected()
            if connected is None:
                return
            there, back = connected
            with contextlib.closing(back):
                ways = _carry(reader, back), _carry(there, writer)
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await asyncio.gather(*ways)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """With the next one in turn; with another when that one refuses, for nothing was sent yet."""
        for _ in range(len(self._instances)):
            ready = list(self._ready)
            if not ready:
                return None
            self._turn += 1
            try:
                return await asyncio.open_connection(HOST, ready[self._turn % len(ready)])
            except OSError:
                continue
        return None


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        sink.write(chunk)
        await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(_PROBE_PATIENCE_S):
            reader, writer = await asyncio.open_connection(HOST, port)
            with contextlib.closing(writer):
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).split(b" ")[1:2] == [b"200"]
    except (OSError, TimeoutError):
        return False
