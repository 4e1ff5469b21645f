"""Connections: uvicorn's own, but an HTTP connection lets go of who does not end what it asks, and a
WebSocket's of who does not read, and bounds what control frames can do."""

from asyncio import AbstractEventLoop, Transport
from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

GRACE_SECONDS = 5.0
"""How long what was written may take to be read once a connection is to end. Without an end to it, whoever
does not read keeps the connection, and with it a server that wants to end."""

READ_AT_ONCE = 16_384
"""Bytes. In asyncio's 256 kB lie forty thousand empty frames: a second in which nobody else is heard."""

SMALL, SMALL_MOST = 64, 1_000
"""Control frames, and parts of messages of less than so many bytes, that one client may send in a second."""


class HttpConnection(H11Protocol):
    """One client's. How long it may be idle is also how long the head of a request may take: by itself,
    uvicorn waits for ever, and whoever has no key could hold every connection that there can be."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        seconds = self.timeout_keep_alive
        self.transport = cast(Transport, _Lingering(transport, self.loop, self._is_sent_to, seconds))
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():  # the rest of what has been answered
            return
        self.conn.receive_data(data)
        self.handle_events()  # at a head, ends the waiting

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self.transport = cast(_Lingering, self.transport).transport
        super().handle_websocket_upgrade(event)

    def _is_sent_to(self) -> bool:
        """Whether the body of a request is still on its way."""
        return self.conn.their_state is h11.SEND_BODY


class Connection(WebSocketsSansIOProtocol):
    """One client's WebSocket."""

    _since, _small = 0.0, 0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.transport = cast(Transport, _LettingGo(transport, self.loop))
        vars(transport)["max_size"] = READ_AT_ONCE  # asyncio's; of its own it is the same for all

    def pause_writing(self) -> None:
        """Who does not read is not read from: pongs would pile up."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_ping(self) -> None:
        if not self._is_flood():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if not self._is_flood():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if event.fin or len(event.data) >= SMALL or not self._is_flood():
            super().handle_cont(event)

    def _is_flood(self) -> bool:
        """Whether this is one small frame too many; then the connection ends."""
        now = self.loop.time()
        if now - self._since >= 1:
            self._since, self._small = now, 0
        self._small += 1
        if self._small == SMALL_MOST:
            self.conn.fail(1008, "too many small frames")
            self.handle_parser_exception()
        return self._small >= SMALL_MOST


class _Lingering:
    """A transport that, closed while the client still sends, says that nothing more will be said, and hears
    the client out. Closed at once, it would reset the connection, and programs that read only when they have
    sent everything, proxies among them, would never learn why they were refused."""

    def __init__(
        self, transport: Transport, loop: AbstractEventLoop, is_sent_to: Callable[[], bool], seconds: float
    ) -> None:
        """`seconds`: how long it lingers at most."""
        self.transport = transport
        self._loop, self._is_sent_to, self._seconds = loop, is_sent_to, seconds
        self._lingers = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def is_closing(self) -> bool:
        return self._lingers or self.transport.is_closing()

    def close(self) -> None:
        if self.is_closing() or not self._is_sent_to():
            self.transport.close()
            return
        self._lingers = True
        if self.transport.can_write_eof():  # not with TLS
            self.transport.write_eof()
        self.transport.resume_reading()
        self._loop.call_later(self._seconds, self.transport.abort)


class _LettingGo:
    """A transport that, once closed, waits for its last bytes to be read only so long."""

    def __init__(self, transport: BaseTransport, loop: AbstractEventLoop) -> None:
        self._transport, self._loop = cast(Transport, transport), loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        if not self._transport.is_closing():
            self._loop.call_later(GRACE_SECONDS, self._transport.abort)
        self._transport.close()
