"""Tickets: what browsers show when they fetch films and pictures by themselves.

An `<img>` or `<video>` sends no header, and a key in an address is a key in histories and logs. So the page
trades its key for a cookie that scripts cannot read, that other sites cannot make a browser send, that is of
use for media alone, and for an hour.
"""

import hmac
import time
from hashlib import sha256
from secrets import token_bytes

from starlette.requests import HTTPConnection
from starlette.responses import Response

COOKIE = "mien_media"
PATH = "/mien"
SECONDS = 3600


class Tickets:
    """Gives out tickets and knows them again, until the server ends."""

    def __init__(self) -> None:
        self._secret = token_bytes(32)

    def give(self, response: Response, *, secure: bool) -> None:
        """Put a ticket into a response. `secure`: the browser is to send it over https alone."""
        until = str(int(time.time()) + SECONDS)
        response.set_cookie(
            COOKIE,
            f"{until}.{self._signed(until)}",
            max_age=SECONDS,
            path=PATH,
            secure=secure,
            httponly=True,
            samesite="strict",
        )

    def holds(self, request: HTTPConnection) -> bool:
        """Whether a request shows a ticket of ours that has not run out."""
        until, _, signature = request.cookies.get(COOKIE, "").partition(".")
        known = hmac.compare_digest(signature.encode(), self._signed(until).encode())
        return known and time.time() < int(until)

    def _signed(self, until: str) -> str:
        return hmac.new(self._secret, until.encode(), sha256).hexdigest()
