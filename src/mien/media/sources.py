"""What lies at an address becomes a file of ours.

Addresses come from callers, who must not reach through this server what only this server can reach:
each name is resolved here, its addresses are checked, and the connection goes to a checked one. The
same holds for every redirect.
"""

import ipaddress
import re
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from ssl import SSLContext
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from mien.errors import FetchFailed, MediaTooLarge, UnsafeAddress
from mien.settings import Settings

MAX_REDIRECTS = 5

CHUNK = 1 << 20
"""Bytes that a compressed answer may give at once."""

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_NOT_PUBLIC = (
    ipaddress.ip_network("168.63.129.16/32"),  # tells Azure's machines about themselves
    ipaddress.ip_network("192.0.0.0/24"),  # protocols' own; tells Oracle's machines about themselves
    ipaddress.ip_network("64:ff9b:1::/48"),  # stands for IPv4 in ways that each network sets for itself
)
"""Addresses that Python takes for public, in one version or another."""


def check_url(url: str) -> None:
    """Whether a URL can be one of ours, without resolving its host.

    Raises:
        UnsafeAddress: it is no http or https address, has no host, or carries a password.
    """
    try:
        _check(httpx.URL(url))
    except (httpx.InvalidURL, ValueError) as error:
        raise UnsafeAddress(f"this is not a URL that can be fetched: {error}") from None


def name_of(url: str) -> str:
    """What a file is called that lies at a URL: the last part of its path; the host where there is none."""
    try:
        parts = urlsplit(url)
        path, host = parts.path, parts.hostname or ""
    except ValueError:
        path, host = url, ""
    last = re.split(r"[/\\]", unquote(path, errors="replace").rstrip("/\\"))[-1]
    name = "".join(character for character in last if character.isprintable())
    return name if name.strip(". ") else host or "file"


def public_client(settings: Settings, seconds: float) -> httpx.Client:
    """A client that reaches public addresses, and the hosts that the settings open, for so many seconds.

    Beside httpx's own errors it raises UnsafeAddress for an address that is not public, and
    FetchFailed on a server that is to stay offline. It knows no proxies and keeps no connections.
    """
    return httpx.Client(
        transport=_Transport(settings, time.monotonic() + seconds),
        trust_env=False,
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        timeout=settings.fetch_timeout_seconds,
        # media hardly shrink, and a bomb in transit is one more thing to count
        headers={"User-Agent": "mien", "Accept": "*/*", "Accept-Encoding": "identity"},
    )


def fetch(url: str, folder: Path, settings: Settings, check: Callable[[], None] = lambda: None) -> Path:
    """Store what lies at a URL in the folder, under a name of our own. `check` is called for each part that
    arrives, and may raise to end it.

    Raises:
        UnsafeAddress: it, or where it redirects to, is not a public http or https address.
        FetchFailed: nobody answers, the answer is an error, or it takes too long.
        MediaTooLarge: there is more than the settings allow.
    """
    check_url(url)
    path = folder / f"fetched-{token_hex(8)}"
    client = public_client(settings, settings.fetch_minutes * 60)
    with client, _explained(settings), client.stream("GET", url) as response:
        if not response.is_success:
            raise FetchFailed(f"the URL returned {response.status_code} {response.reason_phrase}".rstrip())
        limit = round(settings.max_url_mb * 1e6)
        too_large = MediaTooLarge(
            f"the file at the URL is larger than the {settings.max_url_mb:g} MB that this server allows"
        )
        stated = response.headers.get("Content-Length", "")
        if stated.isascii() and stated.isdigit() and int(stated) > limit:
            raise too_large
        try:
            with path.open("xb") as file:
                for chunk in _uncompressed(response, name_of(url)):
                    check()
                    file.write(chunk)
                    if file.tell() > limit:
                        raise too_large
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path


def is_public(address: str) -> bool:
    """Whether everybody on the internet would reach the same at an address.

    An IPv6 address that stands for an IPv4 address is as public as that is.
    """
    ip: _Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (embedded := _embedded(ip)) is not None:
        ip = embedded
    return (
        ip.is_global
        and not ip.is_multicast
        and not ip.is_reserved
        and not getattr(ip, "is_site_local", False)
        and not any(ip in network for network in _NOT_PUBLIC)
    )


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _check(url: httpx.URL) -> None:
    if url.scheme not in {"http", "https"}:
        raise UnsafeAddress("a URL must begin with http:// or https://")
    if not url.host.strip(".") or "%" in url.host or not 0 < (url.port or 80) < 1 << 16:
        raise UnsafeAddress("the URL has no valid host name")
    if url.userinfo:
        raise UnsafeAddress("the URL must not contain a user name or password")


class _Transport(httpx.BaseTransport):
    """httpx's way out, through connections that are checked."""

    def __init__(self, settings: Settings, deadline: float) -> None:
        self._offline = settings.offline
        context: SSLContext = httpx.create_ssl_context()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_keepalive_connections=0,
            network_backend=_Checked(settings, deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._offline:
            raise FetchFailed("this server is offline (MIEN_OFFLINE): it fetches nothing")
        _check(request.url)
        with _as_httpx(request):
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        body: httpx.SyncByteStream = _Body(response, request)
        if 300 <= response.status < 400:  # httpx reads it whole, however much it is, before it goes on
            body.close()
            body = httpx.ByteStream(b"")
        return httpx.Response(
            response.status, headers=response.headers, stream=body, extensions=response.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The content of an answer as it arrives."""

    def __init__(self, response: httpcore.Response, request: httpx.Request) -> None:
        self._response, self._request = response, request

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx(self._request):
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Checked(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and drops connections that last too long."""

    def __init__(self, settings: Settings, deadline: float) -> None:
        self._sockets = httpcore.SyncBackend()
        self._open = frozenset(host.casefold().rstrip(".") for host in settings.open_hosts)
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in self._addresses(host, port):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
                return _Timed(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host!r} has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        """Where a host can be reached.

        Raises:
            UnsafeAddress: one of its addresses is not public, and the settings do not open it.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError(f"there is no host {host!r}") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        name = host.casefold().rstrip(".")
        shown = f"[{name}]" if ":" in name else name
        if not self._open & {name, shown, f"{shown}:{port}"} and not all(map(is_public, addresses)):
            # what the name stands for in there is nobody's business
            raise UnsafeAddress(
                f"the host {host!r} is not public; MIEN_OPEN_HOSTS allows hosts that may be reached anyway"
            )
        return addresses


class _Timed(httpcore.NetworkStream):
    """A connection that ends at its deadline, however busy it is."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    """Seconds that the next step may take."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time limit was reached")
    return left if timeout is None else min(left, timeout)


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """httpx has errors of the same names, which are what its users wait for."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        kind = getattr(httpx, type(error).__name__)
        raise kind(str(error), request=request) from error
    except (httpcore.ConnectionNotAvailable, httpcore.UnsupportedProtocol) as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from error


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """What goes wrong on the way, in words for who sent the address."""
    try:
        yield
    except httpx.TimeoutException:
        raise FetchFailed(
            f"the URL did not answer in time: it may be silent for {settings.fetch_timeout_seconds:g}"
            f" seconds and take {settings.fetch_minutes:g} minutes in all"
        ) from None
    except httpx.TooManyRedirects:
        raise FetchFailed(f"the URL redirects more than {MAX_REDIRECTS} times") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # redirected to what is no name
        raise FetchFailed(f"the URL could not be fetched: {str(error) or type(error).__name__}") from error


def _uncompressed(response: httpx.Response, name: str) -> Iterator[bytes]:
    """The content, unpacked where it was packed for the way."""
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing in {"", "identity"} or name.lower().endswith((".gz", ".tgz")):  # the file is a .gz itself
        yield from response.iter_raw()
        return
    if packing not in {"gzip", "x-gzip", "deflate"}:
        raise FetchFailed(f"the URL's response has an unsupported compression, {packing[:20]!r}")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        for chunk in response.iter_raw():
            while chunk:
                yield unpacker.decompress(chunk, CHUNK)
                chunk = unpacker.unconsumed_tail
    except zlib.error as error:
        raise FetchFailed(f"the URL's response is damaged: {error}") from None
