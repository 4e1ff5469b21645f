"""Addresses: what may be fetched, and how it is."""

import gzip
import ssl
import threading
import time
import tracemalloc
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf

import httpcore
import pytest

from mien.errors import FetchFailed, MediaTooLarge, UnsafeAddress
from mien.media.sources import _Timed, check_url, fetch, is_public, name_of

BOMB = gzip.compress(b"\0" * 30_000_000)


class _Handler(BaseHTTPRequestHandler):
    """Answers by the path: what a test wants to see go right or wrong."""

    def do_GET(self):
        port = self.server.server_port
        match self.path.partition("?")[0]:
            case "/fine.wav":
                self._answer(b"RIFF")
            case "/away":
                self._redirect(f"http://localhost:{port}/fine.wav")
            case "/file":
                self._redirect("file:///etc/passwd")
            case "/wordy":
                self.send_response(302)
                self.send_header("Location", "/fine.wav")
                self.end_headers()
                self._go_on()
            case "/unnamed":
                self._redirect("http://xn--/")
            case "/round":
                self._redirect("/round")
            case "/there":
                self._redirect("/fine.wav")
            case "/endless":
                self.send_response(200)
                self.end_headers()
                self._go_on()
            case "/large":
                self.send_response(200)
                self.send_header("Content-Length", str(10**12))
                self.end_headers()
            case "/bomb":
                self.send_response(200)
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(BOMB)))
                self.end_headers()
                self.wfile.write(BOMB)
            case "/cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"RIFF")
            case "/silent":
                time.sleep(2)
            case "/drip":
                self.send_response(200)
                self.end_headers()
                try:
                    for _ in range(50):
                        self.wfile.write(b"\0")
                        time.sleep(0.1)
                except OSError:
                    pass
            case _:
                self.send_error(404)

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _go_on(self):
        with suppress(OSError):
            while True:
                self.wfile.write(b"\0" * 65_536)

    def _redirect(self, where):
        self.send_response(302)
        self.send_header("Location", where)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def opened(settings):
    """Settings that open this machine by its number, but by no name."""
    return settings.model_copy(update={"open_hosts": ("127.0.0.1",), "max_url_mb": 1.0})


@pytest.mark.parametrize("path", ["/fine.wav", "/fine.wav?key=1", "/there"])
def test_what_lies_there_is_stored(web, path, tmp_path, opened):
    assert fetch(web + path, tmp_path, opened).read_bytes() == b"RIFF"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("/nothing", FetchFailed, id="not found"),
        pytest.param("/away", UnsafeAddress, id="redirect to another name of this machine"),
        pytest.param("/file", UnsafeAddress, id="redirect to a file"),
        pytest.param("/unnamed", FetchFailed, id="redirect to a name that cannot be"),
        pytest.param("/round", FetchFailed, id="redirects without end"),
        pytest.param("/endless", MediaTooLarge, id="a body without end"),
        pytest.param("/large", MediaTooLarge, id="a body that says it is huge"),
        pytest.param("/bomb", MediaTooLarge, id="a compressed bomb"),
        pytest.param("/cut", FetchFailed, id="a body that breaks off"),
    ],
)
def test_what_goes_wrong_is_told_and_leaves_nothing(web, path, error, tmp_path, opened):
    with pytest.raises(error):
        fetch(web + path, tmp_path, opened)

    assert list(tmp_path.glob("fetched-*")) == []


@pytest.mark.parametrize(("path", "limit"), [("/silent", "timeout_seconds"), ("/drip", "minutes")])
def test_who_takes_too_long_is_given_up(web, path, limit, tmp_path, opened):
    with pytest.raises(FetchFailed, match="did not answer in time"):
        fetch(web + path, tmp_path, opened.model_copy(update={f"fetch_{limit}": 0.01}))

    assert list(tmp_path.glob("fetched-*")) == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_this_machine_is_reached_by_none_of_its_names(web, host, tmp_path, settings):
    port = web.rpartition(":")[2]

    with pytest.raises((UnsafeAddress, FetchFailed)):
        fetch(f"http://{host}:{port}/fine.wav", tmp_path, settings)


def test_what_a_redirect_says_besides_is_not_read(web, tmp_path, opened):
    assert fetch(f"{web}/wordy", tmp_path, opened).read_bytes() == b"RIFF"


def test_a_name_is_refused_if_one_of_its_addresses_is_not_public(tmp_path, settings, monkeypatch):
    found = [(None, None, None, None, (address, 80)) for address in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr("mien.media.sources.socket.getaddrinfo", lambda *asked, **more: found)

    with pytest.raises(UnsafeAddress):
        fetch("http://example.org/a.wav", tmp_path, settings)


def test_no_proxy_is_asked_whatever_the_environment_says(web, tmp_path, opened, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert fetch(f"{web}/fine.wav", tmp_path, opened).read_bytes() == b"RIFF"


def test_a_compressed_bomb_is_never_whole_in_memory(web, tmp_path, opened):
    tracemalloc.start()
    with pytest.raises(MediaTooLarge):
        fetch(f"{web}/bomb", tmp_path, opened)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 15_000_000


class Plain(httpcore.NetworkStream):
    """A connection that becomes one in TLS by saying so."""

    def start_tls(self, *given):
        return self

    def read(self, max_bytes, timeout=None):
        return b""


def test_the_deadline_of_a_connection_holds_in_tls_too():
    stream = _Timed(Plain(), inf).start_tls(ssl.create_default_context())
    stream._deadline = -inf

    with pytest.raises(httpcore.ReadTimeout):
        stream.read(1)


def test_nothing_is_fetched_offline(web, tmp_path, opened):
    with pytest.raises(FetchFailed, match="MIEN_OFFLINE"):
        fetch(f"{web}/fine.wav", tmp_path, opened.model_copy(update={"offline": True}))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("168.63.129.16", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("192.0.0.192", False),
        ("::1", False),
        ("::7f00:1", False),
        ("4000::1", False),
        ("ff0e::1", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("64:ff9b:1::5db8:d822", False),
        ("2001:0:5db8:d822::f5ff:fffe", False),
        ("2002:0a00:0001::", False),
    ],
)
def test_only_what_everybody_reaches_is_public(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "gopher://example.org",
        "//example.org/a",
        "example.org/a",
        "http://",
        "http:///a",
        "http://.",
        "http://user:secret@example.org/",
        "http://example.org:99999/",
        "http://[fe80::1%25eth0]/",
        "javascript:alert(1)",
        "",
        "http://exa mple.org/",
        "http://xn--/",
        "http://xn--i-7iq.ws/",
    ],
)
def test_what_is_no_address_is_refused_without_asking_anybody(url):
    with pytest.raises(UnsafeAddress) as refused:
        check_url(url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/media/feelings_lab.mp4?token=1#t", "feelings_lab.mp4"),
        ("https://example.org/a%20b.wav", "a b.wav"),
        ("https://example.org/..%2f..%2fpasswd", "passwd"),
        ("https://example.org/", "example.org"),
        ("https://example.org", "example.org"),
    ],
)
def test_a_file_is_called_as_its_address_ends(url, name):
    assert name_of(url) == name
