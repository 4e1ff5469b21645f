"""The HTTP server that the API is served by."""

import logging
import os
import ssl
from asyncio import CancelledError, ensure_future, wait
from collections.abc import Callable, Coroutine
from socket import AI_PASSIVE, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, getaddrinfo, socket
from time import monotonic

import uvicorn
from fastapi import FastAPI

from mien.api.connection import Connection, HttpConnection
from mien.errors import RequestError
from mien.settings import Settings

LONGEST_HEADERS = 65_536
"""Bytes of all headers of a request, the address included."""

PING_SECONDS, PONG_SECONDS = 30.0, 60.0
"""How often a session's client is asked whether it is still there, and how long it may take to say so:
programs that do other work between two messages are late."""

KEPT_SECONDS = 75
"""How long a connection is kept open for the next request: who asks every five seconds how a job is doing
must not meet a server that hangs up after five. And how long the head of a request may take."""

FAREWELL_SECONDS, REST_SECONDS = 5.0, 2
"""How long a server that is told to end goes on answering what its sessions have said, and then whatever else
is under way: whoever runs it kills it after ten."""


class Server(uvicorn.Server):
    """Takes leave of its sessions before it ends: by itself, uvicorn drops the reply that is under way."""

    def __init__(
        self, config: uvicorn.Config, farewell: Callable[[], Coroutine[None, None, None]] | None
    ) -> None:
        super().__init__(config)
        self._farewell = farewell

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for listening in self.servers:
            listening.close()
        if self._farewell is not None:
            taken = ensure_future(self._farewell())
            until = monotonic() + FAREWELL_SECONDS
            while not (taken.done() or self.force_exit or monotonic() > until):
                await wait([taken], timeout=0.1)
            taken.cancel()
        await super().shutdown(sockets)


def server(app: FastAPI, settings: Settings) -> Server:
    """A server that has not started yet; `run()` serves until the process is told to end. Then
    the `farewell` in the state of the application is awaited.

    Raises:
        RequestError: the certificate that the settings name cannot be used, or nothing can listen at their
            address.
    """
    logging.getLogger("uvicorn.access").disabled = True  # whoever listens: addresses can carry keys
    errors = logging.getLogger("uvicorn.error")
    errors.addFilter(_is_to_be_told)
    errors.setLevel(max(logging.INFO, errors.level))  # below, it would tell whole handshakes
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",  # whose transports `Connection` knows, whatever else is installed
        http=HttpConnection,  # lets nobody take for ever to ask; of h11, which bounds headers
        h11_max_incomplete_event_size=LONGEST_HEADERS,
        ws=Connection,  # reads no further while a message waits
        ws_max_size=int(settings.max_message_mb * 1e6),
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PONG_SECONDS,
        timeout_keep_alive=KEPT_SECONDS,
        timeout_graceful_shutdown=REST_SECONDS,
        ws_per_message_deflate=False,  # it would hold up everybody while one reply is packed
        ssl_certfile=settings.ssl_certfile,
        ssl_keyfile=settings.ssl_keyfile,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    try:
        config.load()  # now, where what is wrong can still be said in a line
    except (OSError, ssl.SSLError) as error:
        raise RequestError(f"the certificate {settings.ssl_certfile} cannot be used: {error}") from error
    _check_address(settings.host, settings.port)
    return Server(config, getattr(app.state, "farewell", None))


def _check_address(host: str, port: int) -> None:
    try:
        family, kind, *_, address = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
        with socket(family, kind) as probe:
            if os.name == "posix":  # elsewhere it would share the address with whoever listens there
                probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise RequestError(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose others by --host and --port"
        ) from error


def _is_to_be_told(record: logging.LogRecord) -> bool:
    """Not where sockets are asked for: the address may carry a key. Nor that one was refused before it was
    open, which is how it is done, or closed because a client sent what is no text; nor where in our code
    something was when the server ended."""
    if record.exc_info and isinstance(record.exc_info[1], CancelledError):
        return False
    untold = ("WebSocket", "without completing handshake", "Invalid UTF-8")
    return not any(words in str(record.msg) for words in untold)
