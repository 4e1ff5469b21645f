"""What holds at every address: HEAD is answered as GET is, and browsers are told which pages may read."""

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = "/v0/"
"""What the addresses begin with that pages of other origins may read: those of the retired API. The rest is
for our own page."""

REMEMBERED = 600
"""Seconds for which a browser need not ask again."""


class Manners:
    """Stands before an application, whatever that answers."""

    def __init__(self, may_read: Callable[[Request], bool]) -> None:
        """`may_read`: whether the page that makes a request may read the answer."""
        self._may_read = may_read

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def mannered(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            scope = {**scope, "path": _tidied(scope["path"])}
            if scope["method"] == "HEAD":
                scope = {**scope, "method": "GET"}  # the server sends no body: to it, it is still HEAD
            request = Request(scope)
            origin = request.headers.get("origin")
            if not origin or not scope["path"].startswith(OPEN) or not self._may_read(request):
                await app(scope, receive, send)
            elif scope["method"] == "OPTIONS" and "access-control-request-method" in request.headers:
                await Response(status_code=204, headers=_asked(request, origin))(scope, receive, send)
            else:
                await app(scope, receive, _telling(send, origin))

        return mannered


def _tidied(path: str) -> str:
    """An address without slashes too many: clients that were told one that ends in a slash write two, and
    some end what they ask for in one. Few send again what they posted if they are told another address."""
    path = "/" + path.lstrip("/")
    return "/" + "/".join(filter(None, path.split("/"))) if path.startswith(OPEN) else path


def _asked(request: Request, origin: str) -> dict[str, str]:
    """What a browser is told that asks before it sends: all headers of the clients may be sent."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, HEAD, POST",
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", ""),
        "Access-Control-Max-Age": str(REMEMBERED),
        "Vary": "Origin, Access-Control-Request-Headers",
    }


def _telling(send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Retry-After"
            headers.add_vary_header("Origin")
        await send(message)

    return sending
