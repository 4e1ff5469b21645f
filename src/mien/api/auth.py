"""Who is let in."""

from base64 import urlsafe_b64decode
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from mien.errors import BadKey, NotServed, RequestError
from mien.jobs.store import KeyStore
from mien.settings import Settings
from mien.wire.stream import KEY_PROTOCOL

QUERY = frozenset({"apikey", "api_key", "access_token"})
"""How a key is called in an address, whatever the case."""


def check_bind(settings: Settings, keys: KeyStore) -> None:
    """Whether a server may start as these settings say.

    Raises:
        RequestError: others could reach it, and nobody has a key.
    """
    if needs_key(settings) and not keys.keys():
        other = ", serve on 127.0.0.1 only, or admit everybody with --allow-no-key"
        raise RequestError(
            f"serving on {settings.host} requires an API key, and there is none yet:"
            " create one with `mien keys create`" + ("" if settings.require_key else other)
        )


def needs_key(settings: Settings) -> bool:
    return settings.require_key or not (is_loopback(settings.host) or settings.allow_no_key)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches such an address. Names other than localhost are not looked up."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


BUILT_IN = "api.hume.ai"
"""The name that some clients have built in: it leads here where somebody on this machine saw to it."""


class Door:
    """Lets in who has a key; on loopback, where none is needed, whoever is no page of the web."""

    def __init__(self, settings: Settings, keys: KeyStore) -> None:
        self._keys = keys
        self._needs_key = needs_key(settings)
        self._among_us = not self._needs_key and not settings.allow_no_key

    def __call__(self, request: HTTPConnection) -> None:
        """Raises BadKey, NotServed."""
        if self._needs_key:
            if not any(self._keys.admits(key) for key in _keys_of(request)):
                raise BadKey
        elif self._among_us:
            _check_origin(request)

    def may_read(self, request: HTTPConnection) -> bool:
        """Whether a page may read what it is answered: one that is let in, or that has to show a key, which
        no browser sends of its own accord."""
        try:
            if self._among_us:
                _check_origin(request)
        except NotServed:
            return False
        return True


def _keys_of(request: HTTPConnection) -> list[str]:
    """What may be a key: in the header of the SDKs, in the address, as a bearer token, or among the
    protocols of a socket."""
    named = [request.headers.get("x-hume-api-key", "")]
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = [token.strip()] if scheme.lower() == "bearer" else []
    queried = [value for name, value in request.query_params.multi_items() if name.lower() in QUERY]
    return [key for key in named + bearer + queried[:1] + _among_protocols(request) if key]


def _among_protocols(request: HTTPConnection) -> list[str]:
    keys = []
    for protocol in request.scope.get("subprotocols", ()):
        if protocol.startswith(KEY_PROTOCOL):
            coded = protocol.removeprefix(KEY_PROTOCOL)
            with suppress(ValueError):  # no key that we made
                keys.append(urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode())
    return keys[:1]


def _check_origin(request: HTTPConnection) -> None:
    """A page of the web makes browsers call 127.0.0.1, by its own name even, where its owner points
    that name there. Such calls tell on themselves by the names they use."""
    origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
        refused = "" if _is_ours(name) else host
        refused = refused or ("" if _is_of_here(origin, name) else origin)
    except ValueError:  # no browser writes such names
        refused = origin or host
    if refused:
        raise NotServed(
            f"without API keys this server answers local programs only, not {refused[:100]!r}:"
            " require keys with MIEN_REQUIRE_KEY=1, or admit everybody with MIEN_ALLOW_NO_KEY=1"
        )


def _is_ours(host: str) -> bool:
    """An address, a name that no public registry hands out, or the one that was pointed here."""
    try:
        ip_address(host)
    except ValueError:
        ours = (".localhost", ".local", ".internal", ".home.arpa")
        return "." not in host or host == BUILT_IN or host.endswith(ours)
    return True


def _is_of_here(origin: str, host: str) -> bool:
    """Whether what calls this host is a program, which names no origin, or a page of an app, of this
    machine, or of the very host. A page that says `null` may be any: each can frame one that does."""
    page = urlsplit(origin)
    if not origin or page.scheme not in {"", "http", "https"}:
        return True
    name = page.hostname or ""
    return is_loopback(name) or (bool(name) and name == host)
