"""`/v0/stream/models`: the WebSocket at which sessions come and go.

A session is read one message at a time, and the next is read once the last is answered: replies keep
their order, and a client that sends faster than it can be served waits in its own connection, which
bounds what it can hold here. The messages of all sessions stand in one line, in which each has one
place at most, so nobody gets more turns than another. Whatever takes time is done in threads.
"""

import logging
from asyncio import FIRST_COMPLETED, Event, ensure_future, to_thread, wait, wait_for
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import perf_counter

import orjson
from fastapi import APIRouter, Response, WebSocket, WebSocketDisconnect
from starlette.requests import HTTPConnection
from starlette.types import Message

from mien.engines import cores
from mien.errors import Overloaded, RequestError, TooManySessions
from mien.media.apart import Decoders
from mien.media.decoder import Bounds, command
from mien.settings import Settings
from mien.stream.figures import Figures
from mien.stream.line import Line
from mien.stream.payload import bounds
from mien.stream.session import Session
from mien.stream.together import SharedEngines
from mien.wire.errors import error_json, status_of
from mien.wire.stream import PROTOCOL

log = logging.getLogger(__name__)

PATH = "v0/stream/models"

LANES = 4
"""Threads a core: while a network is busy, others decode, and calls come together."""

DECODERS = 2
"""Processes a core that decode, at most: one holds a film while networks look at it, and another decodes."""

LARGEST_FOR_PYTHON = 1 << 20
"""Bytes of a message above which the WebSocket package of Python programs ends the connection."""

SENDING_SECONDS = 60.0
"""A client that does not take its reply for so long is given up."""

CLOSING_SECONDS = 2.0
"""One that does not take a goodbye for so long gets none."""

QUIET, ENDING = 1000, 1012
"""The codes with which a session is closed that said nothing for long, and one whose server ends."""


class Sockets:
    """The sessions of a server."""

    def __init__(
        self,
        settings: Settings,
        door: Callable[[HTTPConnection], None],
        decoder: Callable[[Bounds], Sequence[str]] = command,
    ) -> None:
        """`decoder`: how a process is started that decodes payloads within these bounds."""
        self._settings, self._door = settings, door
        self._engines = SharedEngines(settings, at_once=cores(settings))
        self.figures = Figures()
        most = DECODERS * cores(settings)
        self._decoders = Decoders(decoder(bounds(settings)), most, self.figures.restarted)
        self._line = Line(LANES * cores(settings), settings.max_waiting)
        self.figures.watch(lambda: self._line.waiting)
        self._idle = None if settings.stream_wide else settings.stream_idle_seconds
        self._room = settings.max_sessions
        self._ending, self._left = Event(), Event()

    def routes(self) -> APIRouter:
        """The socket, which asks for a key where one is needed."""
        router = APIRouter()
        router.add_api_websocket_route("/{path:path}", self._found)
        router.add_api_route("/" + PATH, _no_socket, include_in_schema=False)
        return router

    async def end(self) -> None:
        """Close every session once what it has said is answered."""
        self._ending.set()
        if self._room < self._settings.max_sessions:
            await self._left.wait()

    async def _found(self, socket: WebSocket) -> None:
        """Clients given an address that ends in a slash write two of them."""
        if socket.scope["path"].strip("/") == PATH:
            await self._admit(socket)
        else:
            await _refuse(socket, "there is no socket at this address", 404)

    async def _admit(self, socket: WebSocket) -> None:
        """Let a client in, or tell it in the handshake why not."""
        try:
            await to_thread(self._door, socket)
            if not self._room:
                raise TooManySessions
        except RequestError as error:
            await _refuse(socket, str(error), status_of(error))
            return
        self._room -= 1
        try:
            await socket.accept(PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
            with self.figures.sessions.track_inprogress():
                await self._serve(socket)
        except WebSocketDisconnect:
            pass  # went away while it was answered
        finally:
            self._room += 1
            if self._ending.is_set() and self._room == self._settings.max_sessions:
                self._left.set()

    async def _serve(self, socket: WebSocket) -> None:
        largest = largest_reply(socket.headers)
        session = Session(self._engines, self._decoders, self._settings, self.figures, largest)
        log.info("session %s starts", session.job_id)
        try:
            while True:
                received = await self._received(socket)
                if received is None or received["type"] == "websocket.disconnect":
                    return
                said = received.get("text")
                reply = await self._answer(session, received["bytes"] if said is None else said)
                try:
                    await wait_for(socket.send_text(reply), SENDING_SECONDS)
                except TimeoutError:
                    return  # whatever runs this server ends the connection
        finally:
            log.info("session %s ends", session.job_id)

    async def _received(self, socket: WebSocket) -> Message | None:
        """What comes next; None where nothing is waited for any longer, which the client is told."""
        received, ending = ensure_future(socket.receive()), ensure_future(self._ending.wait())
        try:
            await wait((received, ending), timeout=self._idle, return_when=FIRST_COMPLETED)
            if received.done():
                return received.result()
        finally:
            received.cancel()
            ending.cancel()
        if self._ending.is_set():
            await _close(socket, ENDING, "this server ends; connect again in a moment")
        else:
            await _close(socket, QUIET, f"nothing was said for {self._idle:g} seconds")
        return None

    async def _answer(self, session: Session, message: str | bytes) -> str:
        with self.figures.seconds.time():
            try:
                return await self._line.do(partial(session.answer, message, perf_counter()))
            except Overloaded as error:
                return await to_thread(session.refuse, message, error)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Say goodbye, if the client still reads."""
    with suppress(TimeoutError):
        await wait_for(socket.close(code, reason), CLOSING_SECONDS)


def _no_socket() -> Response:
    """What is told to who asks for the stream as for a page: proxies do so that do not know better."""
    body = orjson.dumps(
        error_json("this address is a WebSocket: proxies on the way must pass on Upgrade and Connection", 426)
    )
    return Response(body, 426, {"Upgrade": "websocket", "Connection": "Upgrade"}, "application/json")


async def _refuse(socket: WebSocket, message: str, status: int) -> None:
    """Tell a client in the handshake why it is not let in."""
    body = orjson.dumps(error_json(message, status))
    await socket.send_denial_response(Response(body, status, media_type="application/json"))


def largest_reply(headers: Mapping[str, str]) -> int | None:
    """Bytes that a client can take in one message, by what it says of itself; None is any number."""
    names = " ".join(
        headers.get(name, "") for name in ("user-agent", "x-fern-language", "x-hume-client-name")
    )
    return LARGEST_FOR_PYTHON if "python" in names.lower() else None
