"""The socket, from a client's side: who is let in, one reply a message, and what ends a session."""

import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from asyncio import BaseEventLoop, Runner
from base64 import b64encode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import count
from types import ModuleType
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mien.api.server import server as server_of
from mien.app import build, served
from mien.engines import cores
from mien.settings import Settings
from mien.stream.session import Session
from mien.stream.socket import LANES, Sockets, largest_reply
from tests.api.serving import api_of, begun, serving
from tests.media import film, mesh, picture, talk, tone
from tests.media.decoding import BOUNDS, CRASH, HANG, fragile
from tests.stream.conftest import base64

TEXT = {"data": "Hi", "raw_text": True, "models": {"language": {}}}


@pytest.fixture
def open_to(settings):
    """A server with these settings, as the address of its socket."""
    running = []

    def open_to(**more):
        mien = build(Settings(**settings.model_dump() | more))
        running.append(serving(served(mien), mien.settings))
        return running[-1].__enter__().replace("http", "ws", 1) + "/v0/stream/models", mien

    yield open_to
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def url(open_to):
    return open_to()[0]


class Client:
    """A client that says JSON."""

    def __init__(self, url, **more):
        self._opened = connect(url, max_size=None, compression=None, **more)

    def __enter__(self):
        self.socket = self._opened.__enter__()
        return self

    def __exit__(self, *error):
        self._opened.__exit__(*error)

    def send(self, message):
        self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    def receive(self):
        reply = self.socket.recv(timeout=30)
        assert isinstance(reply, str)
        return json.loads(reply)

    def ask(self, message):
        self.send(message)
        return self.receive()


# ── who is let in


@pytest.fixture
def locked(open_to):
    url, mien = open_to(require_key=True)
    return url, mien.keys.create_key("test")[1]


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(lambda key: ("", {"X-Hume-Api-Key": key}), id="header"),
        pytest.param(lambda key: ("", {"x-hume-api-key": key}), id="header in lower case"),
        pytest.param(lambda key: ("", {"Authorization": f"Bearer {key}"}), id="bearer"),
        pytest.param(lambda key: (f"?apikey={key}", {}), id="apikey"),
        pytest.param(lambda key: (f"?apiKey={key}", {}), id="apiKey"),
        pytest.param(lambda key: (f"?APIKEY={key}", {}), id="APIKEY"),
        pytest.param(lambda key: (f"?api_key={key}", {}), id="api_key"),
        pytest.param(lambda key: (f"?access_token={key}", {}), id="access_token"),
    ],
)
def test_a_key_opens_it_wherever_clients_put_it(shown, locked):
    url, key = locked
    query, headers = shown(key)

    with Client(url + query, additional_headers=headers) as client:
        assert "language" in client.ask(TEXT)


@pytest.mark.parametrize("shown", [("", {}), ("?apikey=wrong", {}), ("", {"X-Hume-Api-Key": "wrong"})])
def test_without_a_key_the_handshake_is_refused_with_401(shown, locked):
    url, _ = locked
    query, headers = shown

    with pytest.raises(InvalidStatus) as refused, Client(url + query, additional_headers=headers):
        pass

    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["fault"]["faultstring"] == "Invalid ApiKey"


def test_a_page_shows_its_key_among_the_protocols(locked):
    url, key = locked
    shown = "mien.key." + urlsafe_b64encode(key.encode()).decode().rstrip("=")

    with Client(url, subprotocols=["mien.stream", shown]) as client:
        assert client.socket.subprotocol == "mien.stream"  # never the key: browsers go on with what is named
        assert "language" in client.ask(TEXT)


def test_of_several_keys_among_the_protocols_the_first_counts(locked):
    url, key = locked
    shown = "mien.key." + urlsafe_b64encode(key.encode()).decode().rstrip("=")

    with (
        pytest.raises(InvalidStatus) as refused,
        Client(url, subprotocols=["mien.stream", "mien.key.d3Jvbmc", shown]),
    ):
        pass

    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("shown", ["mien.key.d3Jvbmc", "mien.key.", "mien.key.!", "mien.key._-8"])
def test_a_protocol_that_holds_no_key_opens_nothing(shown, locked):
    with pytest.raises(InvalidStatus) as refused, Client(locked[0], subprotocols=["mien.stream", shown]):
        pass

    assert refused.value.response.status_code == 401


def test_protocols_of_others_are_not_agreed_to(url):
    with Client(url, subprotocols=["graphql-ws"]) as client:
        assert client.socket.subprotocol is None


def test_without_keys_pages_of_the_web_are_kept_out(url):
    with pytest.raises(InvalidStatus) as refused, Client(url, origin="https://evil.example.org"):
        pass
    with Client(url, origin="http://localhost:3000") as client:
        assert "language" in client.ask(TEXT)

    assert refused.value.response.status_code == 403


def test_keys_are_not_logged(locked, caplog):
    url, key = locked
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("websockets.client").setLevel(logging.WARNING)  # the client's own log is not ours
        with Client(f"{url}?apikey={key}") as client:
            client.ask(TEXT)
        with suppress(InvalidStatus), Client(f"{url}?apikey={key}x"):
            pass

    assert "starts" in caplog.text
    assert key not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_as_many_sessions_as_allowed_are_let_in_and_others_when_some_have_gone(open_to):
    url, _ = open_to(max_sessions=2)
    with Client(url) as first, Client(url) as second:
        with pytest.raises(InvalidStatus) as refused, Client(url):
            pass
        assert refused.value.response.status_code == 429
        assert "language" in first.ask(TEXT)
        assert "language" in second.ask(TEXT)
    for _ in range(100):
        with suppress(InvalidStatus), Client(url) as client:
            assert "language" in client.ask(TEXT)
            return
        time.sleep(0.02)
    pytest.fail("nobody is let in any more")


def test_the_address_may_end_in_a_slash(url):
    with Client(f"{url}/") as client:
        assert "language" in client.ask(TEXT)


def test_who_asks_without_a_handshake_is_told_that_it_takes_one(url):
    answer = httpx.get(url.replace("ws", "http", 1))

    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert "WebSocket" in answer.json()["message"]


def test_there_is_nothing_else_behind_the_address(url):
    with pytest.raises(InvalidStatus) as refused, Client(url.replace("models", "face")):
        pass
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body) == {
        "message": "there is no socket at this address",
        "code": 404,
    }
    assert httpx.get(url.replace("ws", "http", 1)).status_code in {404, 405, 426}


# ── one reply a message, in their order


def test_messages_sent_at_once_are_answered_in_their_order(url, tmp_path):
    shot, sound = base64(picture(tmp_path / "a.png")), base64(talk(tmp_path / "a.wav"))
    clip = base64(film(tmp_path / "a.mp4", *[128] * 20))
    kinds = [
        ({"data": shot, "models": {"face": {}}}, "face"),
        ({"data": sound, "models": {"prosody": {}, "burst": {}}}, "burst"),
        (TEXT, "language"),
        ({"data": "!", "models": {"face": {}}}, "error"),
        ({"data": clip, "models": {"face": {"min_face_size": 10}}}, "face"),
        ({"data": json.dumps([mesh().tolist()]), "models": {"facemesh": {}}}, "facemesh"),
        ({"reset_stream": True}, "payload_id"),
        ({"job_details": True}, "job_details"),
    ]
    said = [({**message, "payload_id": str(i)}, key) for i, (message, key) in enumerate(kinds * 5)]

    with Client(url) as client:
        for message, _ in said:
            client.send(message)
        replies = [client.receive() for _ in said]

    assert [reply["payload_id"] for reply in replies] == [str(i) for i in range(len(said))]
    assert all(key in reply for reply, (_, key) in zip(replies, said, strict=True))


def test_binary_frames_and_other_nonsense_are_told_so_and_the_session_goes_on(url):
    with Client(url) as client:
        for nonsense in (b"\0" * 3200, b"", "", "nonsense", '"', "[1]", '{"models": 5}'):
            assert client.ask(nonsense)["code"] in {"E0100", "E0101"}
        assert "language" in client.ask(TEXT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "granularity": st.sampled_from(["word", "passage", "letter"]) | JSON,
        "fps_pred": JSON,
        "facs": JSON,
        "sentiment": st.just({}) | JSON,
        "identify_faces": JSON,
    },
)
MODELS = st.dictionaries(
    st.sampled_from(["face", "burst", "prosody", "language", "facemesh", "ner", ""]), OPTIONS | JSON
)
DATA = st.text() | st.binary().map(lambda some: b64encode(some).decode()) | st.just("[]") | JSON
BEGINNINGS = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\0\0\0\0WAVE",
    b"OggS",
    b"\x1a\x45\xdf\xa3",
    b"GIF89a",
]
BROKEN = st.tuples(st.sampled_from(BEGINNINGS), st.binary(max_size=200)).map(
    lambda parts: b64encode(b"".join(parts)).decode()
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "data": DATA | BROKEN,
        "models": MODELS | JSON,
        "raw_text": st.booleans() | JSON,
        "stream_window_ms": st.integers(500, 10_000) | JSON,
        "reset_stream": st.booleans() | JSON,
        "job_details": st.booleans() | JSON,
        "payload_id": st.text() | JSON,
    },
)
ANYTHING = st.binary() | st.text() | JSON.map(json.dumps) | MESSAGES.map(json.dumps)


def test_whatever_is_said_has_one_orderly_reply(url):
    turns = count()
    with Client(url) as client:

        @hypothesis(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        @given(ANYTHING)
        def says(message):
            mark = f"mark {next(turns)}"
            client.send(message)
            client.send({"job_details": True, "payload_id": mark})
            reply = client.receive()
            assert _orderly(reply), reply
            assert client.receive()["payload_id"] == mark  # there was exactly one

        says()


def _orderly(reply):
    """Whether a reply has one of the shapes of the API."""
    parts = dict(reply)
    assert isinstance(parts.pop("payload_id", ""), str)
    assert len(parts.pop("job_details", {"job_id": "x" * 32})["job_id"]) == 32
    if "error" in parts:
        return set(parts) == {"error", "code"} and all(isinstance(part, str) for part in parts.values())
    return all(
        set(part) in ({"predictions"}, {"warning", "code"})
        and name in {"face", "burst", "prosody", "language", "facemesh"}
        for name, part in parts.items()
    )


# ── many sessions


def test_fifty_sessions_at_once_each_get_their_own(url, tmp_path):
    sounds = [base64(talk(tmp_path / f"{i}.wav", tone(0.3, level=i / 60))) for i in range(50)]

    def session(i):
        with Client(url) as client:
            told = []
            for _ in range(3):
                client.send({"data": sounds[i], "models": {"prosody": {}}, "reset_stream": True})
                client.send(
                    {"data": f"{'!' * i}?", "raw_text": True, "models": _PASSAGE, "payload_id": str(i)}
                )
                prosody, language = client.receive(), client.receive()
                assert language["payload_id"] == str(i)
                told.append((_score(prosody, "prosody", "Excitement"), _score(language, "language", "Joy")))
            return told

    with ThreadPoolExecutor(50) as threads:
        told = list(threads.map(session, range(50)))

    for i, replies in enumerate(told):
        for loud, joy in replies:
            assert loud == pytest.approx(i / 60 / np.sqrt(2) if i else 0, abs=0.005)
            assert joy == pytest.approx(i / (i + 1), abs=1e-4)


_PASSAGE = {"language": {"granularity": "passage"}}


def _score(reply, model, name):
    if "warning" in reply[model]:
        return 0.0
    (item,) = reply[model]["predictions"]
    return next(score["score"] for score in item["emotions"] if score["name"] == name)


def test_a_flood_from_one_session_is_answered_and_lets_others_through(url):
    with Client(url) as flood, Client(url) as other:
        drowning = threading.Thread(target=lambda: [flood.send(TEXT) for _ in range(600)])
        drowning.start()
        for _ in range(20):
            assert "language" in other.ask(TEXT)
        for _ in range(600):
            assert "language" in flood.receive()
        drowning.join(30)
        assert not drowning.is_alive()


def test_where_too_much_waits_the_reply_says_so_and_names_the_message(open_to):
    url, _ = open_to(max_waiting=1, threads=1)
    text = {"data": "a " * 400, "raw_text": True, "models": {"language": {}}}
    codes = []

    def session(i):
        with Client(url) as client:
            for _ in range(5):
                reply = client.ask({**text, "payload_id": str(i)})
                assert reply["payload_id"] == str(i)
                codes.append(reply.get("code", "fine"))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(session, range(16)))

    assert set(codes) == {"fine", "I0101"}


# ── payloads that break their decoder


@pytest.fixture
def broken(settings):
    """A server whose decoders really crash and hang: the address of its socket."""

    def broken(seconds):
        app = FastAPI()
        bounds = replace(BOUNDS, seconds=seconds)
        sockets.append(Sockets(settings, lambda _: None, lambda _: fragile(bounds)))
        app.include_router(sockets[-1].routes())
        running.append(serving(app, settings))
        return running[-1].__enter__().replace("http", "ws", 1) + "/v0/stream/models"

    running, broken.sockets = [], []
    sockets = broken.sockets
    yield broken
    for server in running:
        server.__exit__(None, None, None)


def test_a_payload_that_crashes_its_decoder_is_an_error_and_nobody_else_notices(broken, tmp_path):
    sound = {"data": base64(talk(tmp_path / "a.wav", tone(0.5))), "models": {"prosody": {}}}
    crash = {"data": base64(CRASH), "models": {"prosody": {}}, "payload_id": "x"}
    with Client(url := broken(60.0)) as client, Client(url) as other:
        for _ in range(2):
            client.send(crash)
            assert "prosody" in other.ask(sound)
            reply = client.receive()
            assert (reply["code"], reply["payload_id"]) == ("E0200", "x")
            assert "prosody" in client.ask(sound)


def test_a_payload_that_never_ends_is_ended_while_others_are_answered(broken, tmp_path):
    shot = {"data": base64(picture(tmp_path / "a.png")), "models": {"face": {}}}
    with Client(url := broken(3.0)) as client, Client(url) as other:
        client.send({"data": base64(HANG), "models": {"face": {}}})
        for _ in range(5):
            assert "face" in other.ask(shot)
        assert client.receive()["code"] == "E0200"
        assert "face" in client.ask(shot)


def test_a_flood_of_payloads_that_never_end_keeps_nobody_waiting(broken, settings, tmp_path):
    shot = {"data": base64(picture(tmp_path / "a.png")), "models": {"face": {}}}
    url = broken(600.0)
    with ExitStack() as stack:
        flood = [stack.enter_context(Client(url)) for _ in range(LANES * cores(settings))]
        other = stack.enter_context(Client(url))
        for client in flood:
            client.send({"data": base64(HANG), "models": {"face": {}}})
        assert "face" in other.ask(shot)
        assert "language" in other.ask(TEXT)
        decoders = broken.sockets[0]._decoders
        while len(hanging := [one for one in decoders._alive if one.has_worked()]) < len(flood):
            time.sleep(0.1)
        for process in hanging:
            os.kill(process.id, signal.SIGALRM)
        assert [client.receive()["code"] for client in flood] == ["E0200"] * len(flood)


# ── figures


def test_metrics_tell_of_the_stream(url):
    with Client(url) as client, Client(url):
        client.ask(TEXT)
        client.ask({**TEXT, "models": {"language": {}, "face": {}}})
        client.ask({"job_details": True})
        client.ask("nonsense")
        figures = httpx.get(urlsplit(url)._replace(scheme="http", path="/metrics").geturl()).text.splitlines()

    assert "mien_stream_sessions 2.0" in figures
    assert "mien_stream_waiting 0.0" in figures
    assert 'mien_stream_messages_total{model="language",outcome="ok"} 1.0' in figures
    assert 'mien_stream_messages_total{model="language",outcome="E0102"} 1.0' in figures
    assert 'mien_stream_messages_total{model="none",outcome="ok"} 1.0' in figures
    assert 'mien_stream_messages_total{model="none",outcome="E0100"} 1.0' in figures
    assert "mien_stream_answer_seconds_count 4.0" in figures


# ── how sessions end


def test_a_session_that_says_nothing_is_closed_and_the_client_may_come_again(open_to):
    url, _ = open_to(stream_idle_seconds=0.3)
    with Client(url) as client:
        for _ in range(3):
            time.sleep(0.15)
            assert "language" in client.ask(TEXT)  # who says something stays
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
    with Client(url) as client:
        assert "language" in client.ask(TEXT)

    assert closed.value.rcvd.code == 1000
    assert "nothing was said" in closed.value.rcvd.reason


def test_wide_limits_keep_idle_sessions(open_to):
    url, _ = open_to(stream_idle_seconds=0.1, stream_wide=True)
    with Client(url) as client:
        time.sleep(0.5)
        assert "language" in client.ask(TEXT)


def test_a_message_larger_than_allowed_ends_its_session_alone(open_to):
    url, _ = open_to(max_message_mb=0.1)
    with Client(url) as client, Client(url) as other:
        client.send({**TEXT, "data": "a" * 200_000})
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
        assert "language" in other.ask(TEXT)

    assert closed.value.rcvd.code == 1009


def test_clients_killed_in_mid_message_leave_nothing_behind(open_to):
    url, _ = open_to(max_sessions=40)
    text = json.dumps({**TEXT, "data": "a " * 400}).encode()
    for round_ in range(40):
        raw = raw_session(url)
        if round_ % 2:
            raw.sendall(frame(text)[: 10 + round_ * 15])  # in the middle of a frame
        else:
            raw.sendall(frame(text) * 3)  # while it is answered
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, no goodbye
        raw.close()
    until = time.monotonic() + 30
    with ExitStack() as clients:
        opened = []
        while len(opened) < 40:  # all places are free again
            try:
                opened.append(clients.enter_context(Client(url)))
            except InvalidStatus:
                assert time.monotonic() < until
                time.sleep(0.02)
        assert all("language" in client.ask(TEXT) for client in opened)


def test_a_raw_socket_is_enough(url):
    raw = raw_session(url)
    message = json.dumps({**TEXT, "payload_id": "raw"}).encode()
    raw.sendall(frame(message[:20], opcode=1, last=False))  # in fragments, with a ping between them
    raw.sendall(frame(b"there?", opcode=9))
    raw.sendall(frame(message[20:], opcode=0))

    received = [unframed(raw), unframed(raw)]

    assert (0x8A, b"there?") in received
    ((_, reply),) = [one for one in received if one[0] == 0x81]
    assert json.loads(reply)["payload_id"] == "raw"
    raw.sendall(frame(b"\x03\xe8", opcode=8))
    assert unframed(raw) == (0x88, b"\x03\xe8")
    raw.close()


def test_a_frame_that_is_no_text_ends_its_session_alone(url, caplog):
    raw = raw_session(url)
    raw.sendall(frame(b"\xff\xfe"))

    first, payload = unframed(raw)

    assert (first, payload[:2]) == (0x88, b"\x03\xef")  # 1007
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    with Client(url) as client:
        assert "language" in client.ask(TEXT)


def raw_session(url):
    """A socket after the handshake, without any library."""
    where = urlsplit(url)
    raw = socket.create_connection((where.hostname, where.port), timeout=30)
    raw.sendall(
        f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += raw.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 "), answer
    return raw


def frame(payload, opcode=1, last=True):
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2) if size < 1 << 16 else None
    return bytes([(0x80 if last else 0) | opcode]) + length + bytes(4) + payload  # masked with zeros


def unframed(raw):
    """The first byte and the payload of a frame of the server's."""
    first, length = exactly(raw, 2)
    if length == 126:
        length = int.from_bytes(exactly(raw, 2))
    return first, exactly(raw, length)


def exactly(raw, size):
    got = b""
    while len(got) < size:
        part = raw.recv(size - len(got))
        assert part, got
        got += part
    return got


def test_a_server_that_ends_says_goodbye(settings):
    mien = build(settings)
    with serving(api_of(mien), settings) as url:
        client = Client(url.replace("http", "ws", 1) + "/v0/stream/models").__enter__()
        client.ask(TEXT)
    with pytest.raises(ConnectionClosed) as closed:
        client.receive()

    assert closed.value.rcvd.code == 1012  # the server restarts: clients come again


def test_a_server_that_ends_answers_first_what_it_was_asked(settings, monkeypatch):
    asked, may_end = threading.Event(), threading.Event()
    answer = Session.answer

    def slow(*message):
        asked.set()
        may_end.wait(10)
        return answer(*message)

    monkeypatch.setattr(Session, "answer", slow)
    with begun(api_of(build(settings)), settings) as (server, url):
        address = url.replace("http", "ws", 1) + "/v0/stream/models"
        client, idle = Client(address).__enter__(), Client(address).__enter__()
        client.send(TEXT)
        asked.wait(10)
        server.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            idle.receive()
        may_end.set()

        assert "language" in client.receive()
        with pytest.raises(ConnectionClosed) as also:
            client.receive()

    for one in (closed, also):
        assert (one.value.rcvd.code, one.value.rcvd.reason) == (
            1012,
            "this server ends; connect again in a moment",
        )


def test_a_server_that_ends_waits_for_no_answer_for_ever(settings, monkeypatch, caplog):
    monkeypatch.setattr("mien.api.server.FAREWELL_SECONDS", 0.1)
    monkeypatch.setattr("mien.api.server.REST_SECONDS", 0.1)
    asked, may_end = threading.Event(), threading.Event()
    answer = Session.answer

    def slow(*message):
        asked.set()
        may_end.wait(60)
        return answer(*message)

    monkeypatch.setattr(Session, "answer", slow)
    with begun(api_of(build(settings)), settings) as (server, url):
        client = Client(url.replace("http", "ws", 1) + "/v0/stream/models").__enter__()
        client.send(TEXT)
        asked.wait(10)
        server.should_exit = True
        with pytest.raises(ConnectionClosed):
            client.receive()
    may_end.set()

    assert "Traceback" not in caplog.text


# ── what clients can take


@pytest.mark.parametrize(
    ("headers", "largest"),
    [
        ({"user-agent": "Python/3.11 websockets/12.0"}, 1 << 20),
        ({"x-fern-language": "Python"}, 1 << 20),
        ({"x-hume-client-name": "python_sdk"}, 1 << 20),
        ({"x-fern-language": "JavaScript", "user-agent": "node"}, None),
        ({"user-agent": "Mozilla/5.0"}, None),
        ({}, None),
    ],
)
def test_what_a_client_can_take_is_known_by_what_it_says_of_itself(headers, largest):
    assert largest_reply(headers) == largest


# ── who does not read, and who floods


def raw(url, receive_buffer=None):
    """A client that speaks for itself, once it was let in."""
    place = urlsplit(url)
    one = socket.socket()
    if receive_buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    one.connect((place.hostname, place.port))
    one.settimeout(20)
    one.sendall(
        f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    while not one.recv(1).endswith(b"\n"):
        pass
    return one


def masked(opcode, payload):
    """A frame of a client whose mask is zero."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + length.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + payload


@pytest.mark.parametrize(
    ("said", "idle"), [pytest.param(1, 1, id="and falls silent"), pytest.param(3, 60, id="and goes on")]
)
def test_who_does_not_read_is_let_go_and_holds_no_place(said, idle, open_to, monkeypatch):
    monkeypatch.setattr("mien.api.connection.GRACE_SECONDS", 0.5)
    monkeypatch.setattr("mien.stream.socket.CLOSING_SECONDS", 0.5)
    monkeypatch.setattr("mien.stream.socket.SENDING_SECONDS", 0.5)
    url, _ = open_to(stream_idle_seconds=idle, max_sessions=1)
    much = {"data": "ok " * 3_000, "raw_text": True, "models": {"language": {"granularity": "word"}}}

    with raw(url, receive_buffer=4096) as silent:
        for _ in range(said):
            silent.sendall(masked(1, json.dumps(much).encode()))
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with suppress(InvalidStatus), Client(url) as other:
                assert other.ask(TEXT)["language"]
                return
            time.sleep(0.2)
    raise AssertionError("the place was never free again")


def test_a_flood_of_empty_frames_ends_its_connection_and_holds_up_nobody(url):
    with Client(url) as other, raw(url) as flood:
        other.ask(TEXT)
        with suppress(OSError):
            for _ in range(50):
                flood.sendall(masked(9, b"") * 1_000)
        begun = time.monotonic()
        assert other.ask(TEXT)["language"]
        assert time.monotonic() - begun < 5
        with suppress(ConnectionError):
            while flood.recv(65_536):
                pass


def test_connections_are_those_of_pythons_own_loop_whatever_else_is_installed(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", ModuleType("uvloop"))
    config = server_of(api_of(build(settings)), settings).config

    with Runner(loop_factory=config.get_loop_factory()) as runner:
        assert isinstance(runner.get_loop(), BaseEventLoop)


def test_an_address_may_have_two_slashes(url):
    with Client(url.replace("/v0", "//v0")) as client:
        assert client.ask(TEXT)["language"]
