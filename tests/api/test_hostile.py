"""Requests that no client in its right mind would send: each is answered, and leaves nothing behind."""

import json
import socket
import time
from contextlib import closing, suppress
from http.client import HTTPResponse
from urllib.parse import urlsplit

import httpx
import pytest

from mien.api import server
from mien.app import build
from mien.settings import Settings
from tests.api.serving import api_of, serving
from tests.api.test_intake import BOUNDARY, FILE, TYPE, form

JSON_PART = 'Content-Disposition: form-data; name="json"'


@pytest.fixture(scope="module")
def mien(tmp_path_factory):
    """A server that takes a megabyte, and waits half a second."""
    return build(
        Settings(
            home=tmp_path_factory.mktemp("hostile"),
            max_upload_mb=1,
            max_body_mb=1,
            max_url_mb=1,
            upload_timeout_seconds=0.5,
        )
    )


@pytest.fixture(scope="module")
def url(mien):
    with serving(api_of(mien)) as url:
        yield url


@pytest.fixture(autouse=True)
def still_there(mien, url):
    """After each request: the server answers, and whatever was refused has left nothing behind."""
    before = mien.jobs.queue_length()
    yield
    assert httpx.get(f"{url}/healthz").status_code == 200
    incoming = mien.settings.home / "incoming"
    for _ in range(100):  # a client that went away is noticed a moment later
        if not [*incoming.iterdir()]:
            break
        time.sleep(0.05)
    assert [*incoming.iterdir()] == []
    assert len({key.split("/")[1] for key in mien.files.keys("jobs")}) <= mien.jobs.queue_length()
    assert mien.jobs.queue_length() <= before + 1


def post(
    body: bytes, content_type: str = "application/json", *headers: str, length: int | None = None
) -> bytes:
    lines = [
        "POST /v0/batch/jobs HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body: bytes, content_type: str = "application/json") -> bytes:
    head = f"POST /v0/batch/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n"
    pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
    return head.encode() + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"


def asking(**asked) -> bytes:
    return post(json.dumps(asked).encode())


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def part(head: str, data: bytes = b"x") -> bytes:
    return post(form((head, data)), TYPE)


def sent(url: str, data: bytes) -> tuple[int, str]:
    """What the server answers to these very bytes."""
    address = urlsplit(url)
    with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as wire:
        with suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(data)  # where it has heard enough, what it says is to be read all the same
        answer = HTTPResponse(wire)
        answer.begin()
        return answer.status, answer.read().decode()


MEGABYTE = 1_000_000
WINDOW = {"prosody": {"window": {"length": -4, "step": 1}}}

HOSTILE = {
    # ── JSON
    "broken JSON": (post(b'{"text": ["a"'), 400, "not JSON"),
    "not UTF-8": (post(b'{"text": ["\xff\xfe"]}'), 400, "not JSON"),
    "zero bytes": (post(b"\x00" * 1000), 400, "not JSON"),
    "a list": (post(b"[]"), 400, "must be an object"),
    "a number": (post(b"7"), 400, "must be an object"),
    "nothing": (post(b""), 400, "nothing to measure"),
    "nested a hundred thousand deep": (post(b'{"a":' * 100_000), 400, "not JSON"),
    "NaN": (post(b'{"models":{"face":{"fps_pred":NaN}},"text":["a"]}'), 400, "not JSON"),
    "infinity": (post(b'{"models":{"face":{"fps_pred":1e999}},"text":["a"]}'), 400, "not JSON"),
    "a huge whole number": (
        post(b'{"models":{"face":{"min_face_size":%d}},"text":["a"]}' % 10**400),
        400,
        "not JSON",
    ),
    "packed JSON": (post(b"\x1f\x8b\x08\x00", "application/json", "Content-Encoding: gzip"), 400, "not JSON"),
    # ── values
    "negative window": (asking(models=WINDOW, text=["a"]), 400, "models.prosody.window.length: -4"),
    "unknown granularity": (
        asking(models={"language": {"granularity": "letter"}}, text=["a"]),
        400,
        "models.language.granularity",
    ),
    "unknown model": (asking(models={"aura": {}}, text=["a"]), 400, "there is no model 'aura'"),
    "models as text": (asking(models="all", text=["a"]), 400, "models"),
    "text as text": (asking(text="a"), 400, 'text: "a" is not allowed, it must be a list'),
    "texts as numbers": (asking(text=[1, 2]), 400, "text[0]: 1 is not allowed"),
    "a million texts": (post(b'{"text":[' + b'"",' * 300_000 + b'""]}'), 400, "300001 are too many"),
    "a million addresses": (post(b'{"urls":[' + b'"",' * 300_000 + b'""]}'), 400, "300001 are too many"),
    "a file as address": (asking(urls=["file:///etc/passwd"]), 400, "urls[0]"),
    "data as address": (asking(urls=["data:audio/wav;base64,AAAA"]), 400, "urls[0]"),
    "an address without a host": (asking(urls=["http://"]), 400, "urls[0]"),
    "an address with a line break": (asking(urls=["http://a.b/\r\nHost: c"]), 400, "urls[0]"),
    "an address of a name that cannot be": (asking(urls=["http://xn--/"]), 400, "urls[0]"),
    "a callback to a name that cannot be": (
        asking(text=["a"], callback_url="http://xn--/"),
        400,
        "callback_url",
    ),
    "an endless address": (asking(urls=["ftp://" + "a" * 500_000]), 400, "urls[0]"),
    "a playlist as address": (asking(urls=["concat:/etc/passwd|/etc/hosts"]), 400, "urls[0]"),
    "a callback to a file": (asking(text=["a"], callback_url="file:///x"), 400, "callback_url"),
    # ── forms
    "a form without a boundary": (post(b"x", "multipart/form-data"), 400, "boundary"),
    "an endless boundary": (post(b"x", f"multipart/form-data; boundary={'b' * 5000}"), 400, "cannot be read"),
    "another boundary": (
        post(form((FILE, b"x")), "multipart/form-data; boundary=other"),
        400,
        "cannot be read",
    ),
    "a form that is cut short": (post(form((FILE, b"x" * 9000))[:-30], TYPE), 400, "ends in the middle"),
    "an empty form": (post(f"--{BOUNDARY}--\r\n".encode(), TYPE), 400, ""),
    "a part without a name": (part("Content-Disposition: form-data"), 400, "no name"),
    "a part without a disposition": (part("Content-Type: audio/wav"), 400, "no name"),
    "a part with a huge header": (part("X-Huge: " + "x" * 100_000), 400, "cannot be read"),
    "a part with many headers": (part("\r\n".join(["X: y"] * 1000)), 400, "cannot be read"),
    "ten thousand parts": (
        post(form(*[("Content-Disposition: form-data; name=a", b"")] * 10_000), TYPE),
        400,
        "1000 parts",
    ),
    "too many files": (post(form(*[(FILE, b"x")] * 101), TYPE), 400, "more than 100 files"),
    "JSON twice": (post(form((JSON_PART, b"{}"), (JSON_PART, b"{}")), TYPE), 400, "two parts `json`"),
    "a name that leads away": (
        part('Content-Disposition: form-data; name="file"; filename="../../../../tmp/owned"'),
        200,
        "job_id",
    ),
    "a name that is coded in no way": (
        part('Content-Disposition: form-data; name="file"; filename="=?utf-8?b?a?="'),
        200,
        "job_id",
    ),
    "a name of zeros": (
        part('Content-Disposition: form-data; name="file"; filename="\x01\x02"'),
        200,
        "job_id",
    ),
    # ── sizes
    "too much JSON": (post(b" " * (MEGABYTE + 1)), 413, "larger than the 1 MB"),
    "too much JSON of unknown length": (chunked(b" " * (2 * MEGABYTE)), 413, "larger than the 1 MB"),
    "too large a file": (
        post(form((FILE, b"x" * (3 * MEGABYTE))), TYPE),
        413,
        "a.wav is larger than the 1 MB",
    ),
    "too large a file of unknown length": (
        chunked(form((FILE, b"x" * (3 * MEGABYTE))), TYPE),
        413,
        "a.wav is larger than the 1 MB",
    ),
    "too much JSON in a form": (
        post(form((JSON_PART, b" " * (2 * MEGABYTE))), TYPE),
        413,
        "`json` is larger",
    ),
    # ── slow ones
    "half of what was announced": (post(b'{"text":', length=5000), 408, "stopped before its end"),
    "half a file": (post(form((FILE, b"x" * 5000))[:3000], TYPE, length=9000), 408, "stopped before its end"),
    # ── HTTP itself
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, ""),
    "a length that is none": (post(b"", "application/json", "X: y").replace(b": 0", b": ten"), 400, ""),
    "a negative length": (post(b"", length=-5), 400, ""),
    "two lengths": (post(b"{}", "application/json", "Content-Length: 5"), 400, ""),
    "a chunk of no size": (chunked(b"{}").replace(b"2\r\n{}", b"zz\r\n{}"), 400, ""),
    # ── paths and filters
    "a job that is no id": (get("/v0/batch/jobs/1/predictions"), 404, "job not found"),
    "a job that leads away": (get("/v0/batch/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd/predictions"), 404, ""),
    "a job of zeros": (get("/v0/batch/jobs/%00%00"), 404, "job not found"),
    "a job of SQL": (get("/v0/batch/jobs/'%20OR%201=1;--"), 404, "job not found"),
    "a limit beyond all numbers": (get(f"/v0/batch/jobs?limit={'9' * 40}"), 200, "["),
    "a limit of thousands of digits": (get(f"/v0/batch/jobs?limit={'9' * 9000}"), 400, "limit"),
    "a time beyond all numbers": (get(f"/v0/batch/jobs?timestamp_ms={'9' * 40}"), 400, "timestamp_ms"),
    "a filter that is no UTF-8": (get("/v0/batch/jobs?status=%ff%fe"), 400, "status[0]"),
    "a thousand filters": (get("/v0/batch/jobs?" + "&".join(["status=FAILED"] * 1000)), 200, "["),
}


@pytest.mark.parametrize(("data", "status", "said"), HOSTILE.values(), ids=HOSTILE)
def test_is_answered(data, status, said, url):
    got, body = sent(url, data)

    assert got == status, body
    assert said in (json.loads(body)["message"] if status >= 400 and body[:1] == "{" else body)
    if status >= 400 and said:
        assert json.loads(body)["code"] == status


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(get("/v0/batch/jobs", "X-Hume-Api-Key: " + "x" * 2_000_000), id="header"),
        pytest.param(get("/v0/batch/jobs?apikey=" + "x" * 2_000_000), id="address"),
        pytest.param(get("/v0/batch/jobs", *(f"X-{i}: y" for i in range(100_000))), id="many headers"),
    ],
)
def test_endless_headers_are_not_heard_to_their_end(data, url):
    try:
        status, _ = sent(url, data)
    except ConnectionError:  # hung up on while it still spoke
        return

    assert status == 400


def test_a_client_that_drips_is_heard_to_its_end(url):
    address = urlsplit(url)
    with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as wire:
        data = post(b'{"text":["a"]}')
        wire.sendall(data[:-3])
        for byte in data[-3:]:
            time.sleep(0.2)  # each within the half second that the server waits, all together not
            wire.sendall(bytes([byte]))
        answer = HTTPResponse(wire)
        answer.begin()

    assert answer.status == 200


@pytest.mark.parametrize("before", [b"", get("/healthz")], ids=["at first", "after a request"])
def test_a_head_that_never_ends_is_not_waited_for(before, mien, monkeypatch):
    monkeypatch.setattr(server, "KEPT_SECONDS", 0.5)
    with serving(api_of(mien), mien.settings) as url:
        address = urlsplit(url)
        with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as wire:
            wire.sendall(before + b"GET /healthz HTTP/1.1\r\nX-Endless: ")
            with pytest.raises(ConnectionError):
                drip(wire)


def test_a_body_that_never_ends_is_not_waited_for_once_it_is_answered(mien, monkeypatch):
    monkeypatch.setattr(server, "KEPT_SECONDS", 0.5)
    with serving(api_of(mien), mien.settings) as url:
        address = urlsplit(url)
        with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as wire:
            wire.sendall(b"PUT /v0/batch/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
            assert wire.recv(4096).startswith(b"HTTP/1.1 405 ")
            with pytest.raises(ConnectionError):
                drip(wire)


@pytest.mark.parametrize("head", ["Connection: close", "Content-Type: application/json"])
def test_who_reads_only_after_sending_everything_learns_why_it_was_refused(head, url):
    address = urlsplit(url)
    data = b"x" * 30 * MEGABYTE
    lines = ["PUT /v0/batch/jobs HTTP/1.1", "Host: localhost", head, f"Content-Length: {len(data)}", "", ""]
    with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as wire:
        wire.sendall("\r\n".join(lines).encode())
        wire.sendall(data)
        answer = HTTPResponse(wire)
        answer.begin()

        assert answer.status == 405


@pytest.mark.parametrize("length", [1000, 0], ids=["in a body", "without one"])
def test_who_is_to_go_is_let_go(length, mien, monkeypatch):
    monkeypatch.setattr(server, "KEPT_SECONDS", 0.5)
    lines = ["PUT / HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {length}", "", ""]
    with serving(api_of(mien), mien.settings) as url:
        address = urlsplit(url)
        with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as wire:
            wire.sendall("\r\n".join(lines).encode())
            with pytest.raises(ConnectionError):
                drip(wire)


def drip(wire):
    for _ in range(200):
        wire.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("head", [FILE, JSON_PART], ids=["in a file", "in the JSON"])
def test_a_client_that_goes_away_in_the_middle_leaves_nothing_behind(head, url, mien):
    address = urlsplit(url)
    with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as wire:
        wire.sendall(post(form((head, b"x" * 500_000))[:300_000], TYPE, length=500_000))
        for _ in range(100):
            if [*(mien.settings.home / "incoming").iterdir()]:
                break
            time.sleep(0.02)

    # what is left behind is looked for after each test


def test_many_at_once_are_all_answered(url):
    clients = []
    address = urlsplit(url)
    for data in [*(entry[0] for entry in HOSTILE.values())][:20] * 2:
        wire = socket.create_connection((address.hostname, address.port), timeout=20)
        wire.sendall(data[:200])
        clients.append(wire)

    assert httpx.get(f"{url}/v0/batch/jobs").status_code == 200
    for wire in clients:
        wire.close()


def test_a_name_that_leads_away_is_kept_as_its_last_part(url, mien):
    _, body = sent(url, HOSTILE["a name that leads away"][0])

    (source,) = mien.jobs.get(json.loads(body)["job_id"]).sources
    assert source.filename == "owned"
