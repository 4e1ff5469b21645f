"""The socket, judged by the vendor's own clients of four years."""

import asyncio
import json
from base64 import b64encode
from urllib.parse import urlsplit

import pytest
from hume import AsyncHumeClient, HumeClient
from hume.core.api_error import ApiError
from hume.expression_measurement.stream.stream.types import (
    Config,
    StreamFace,
    StreamLanguage,
    StreamModelsEndpointPayload,
)
from websockets.exceptions import InvalidStatus

from mien.types import SOUND_RATE
from tests.hume.conftest import output
from tests.hume.streamed import FACES, replies
from tests.media import talk, tone

ANSWERED = ("talk", "film", "wall", "text", "passage", "file", "facemesh", "hello", "again", "afresh")


@pytest.fixture(scope="module")
def clips(folder):
    """The folder with a little more in it."""
    (folder / "words.txt").write_text("Grüße aus Köln!")
    talk(folder / "hello.mp3", tone(1.2)[:SOUND_RATE])
    return folder


@pytest.fixture(scope="module")
def expected(server, clips):
    return replies(server, clips)


def test_the_conversation_is_worth_having(expected):
    assert all("error" not in expected[name] for name in ANSWERED)
    assert len(expected["film"]["face"]["predictions"]) == 2
    assert expected["wall"]["face"]["code"] == "W0103"
    ends = [
        expected[name]["prosody"]["predictions"][0]["time"]["end"] for name in ("hello", "again", "afresh")
    ]
    assert ends == pytest.approx([3.0, 3.0, 1.0], abs=0.1)  # with what was heard before, and without


def told_by(parsed):
    """Without nulls, which the client's types add and leave out, nor what a client adds to each message."""
    match parsed:
        case dict():
            left_out = {"payload_id", "type"}
            return {k: told_by(v) for k, v in parsed.items() if v is not None and k not in left_out}
        case list():
            return [told_by(one) for one in parsed]
        case _:
            return parsed


# ── hume 0.13, in this Python


class Sync:
    """The stream as programs without a loop use it."""

    def __init__(self, url, key):
        self._stream = HumeClient(api_key=key, base_url=url).expression_measurement.stream

    def __enter__(self):
        self._context = self._stream.connect()
        return self._context.__enter__()

    def __exit__(self, *error):
        self._context.__exit__(*error)


class Async:
    """The same, awaited."""

    loop = asyncio.new_event_loop()

    def __init__(self, url, key):
        self._stream = AsyncHumeClient(api_key=key, base_url=url).expression_measurement.stream

    def __enter__(self):
        self._context = self._stream.connect()
        self._socket = self.loop.run_until_complete(self._context.__aenter__())
        return self

    def __exit__(self, *error):
        self.loop.run_until_complete(self._context.__aexit__(*error))

    def __getattr__(self, name):
        return lambda *args, **given: self.loop.run_until_complete(
            getattr(self._socket, name)(*args, **given)
        )


@pytest.fixture(params=[Sync, Async])
def client(request):
    return request.param


def plain(parsed):
    return told_by(json.loads(parsed.json()))


def test_what_was_measured_arrives_in_the_clients_own_types(client, server, clips, expected):
    window = {"stream_window_ms": 3000}
    with client(server.url, server.key) as socket:

        def published(name, **said):
            data = b64encode((clips / name).read_bytes()).decode()
            socket.send_publish(StreamModelsEndpointPayload(data=data, **window, **said))
            return socket.recv()

        told = {
            "talk": published("talk.wav", models=Config(prosody={}, burst={})),
            "film": socket.send_file(clips / "film.mp4", Config(face=StreamFace(facs={}, descriptions={}))),
            "wall": socket.send_file(str(clips / "wall.png"), Config(face=StreamFace())),
            "text": socket.send_text(
                "Hello! Bye.",
                Config(language=StreamLanguage(granularity="sentence", sentiment={}, toxicity={})),
            ),
            "passage": socket.send_text(
                "Hello! Bye.", Config(language=StreamLanguage(granularity="passage"))
            ),
            "file": socket.send_file(clips / "words.txt", Config(language=StreamLanguage())),
            "facemesh": socket.send_facemesh(FACES, Config(facemesh={})),
            "mismatch": socket.send_file(clips / "wall.png", Config(prosody={})),
            "hello": published("hello.mp3", models=Config(prosody={})),
            "again": published("hello.mp3", models=Config(prosody={})),
            "afresh": published("hello.mp3", models=Config(prosody={}), reset_stream=True),
        }

    for name in ANSWERED:
        assert type(told[name]).__name__ == "StreamModelPredictions"
    assert type(told["mismatch"]).__name__ == "StreamErrorMessage"
    # the client's types have no room for a warning beside predictions: it stays with the message
    told.pop("wall")
    assert {name: plain(one) for name, one in told.items()} == {
        name: told_by(expected[name]) for name in told
    }


def test_details_and_resets_are_answered(client, server):
    with client(server.url, server.key) as socket:
        details = [socket.get_job_details() for _ in range(2)]
        reset = socket.reset()
        named = socket.send_text("Hi", Config(language=StreamLanguage()), payload_id="mine")

    first, second = (one.job_details.job_id for one in details)
    assert first == second
    assert len(first) == 32
    assert type(reset).__name__ == "StreamModelPredictions"
    assert named.payload_id == "mine"


def test_no_config_and_no_file_are_told_as_errors(client, server):
    with client(server.url, server.key) as socket:
        without = socket.send_text("Hi")
        missing = socket.send_file("there is no such file", Config(prosody={}))

    assert (without.code, missing.code) == ("E0101", "E0201")


def test_a_wrong_key_is_refused(client, server):
    with pytest.raises((ApiError, InvalidStatus)) as refused, client(server.url, "wrong"):
        pass

    # 0.13 gives its own error only with older releases of the package that it rests on
    assert "401" in str(refused.value)


def test_the_example_of_the_vendor_runs_word_for_word(server, clips, monkeypatch):
    monkeypatch.chdir(clips)
    (clips / "audio.mp3").write_bytes((clips / "hello.mp3").read_bytes())

    async def main():
        client = AsyncHumeClient(api_key=server.key, base_url=server.url)
        model_config = Config(prosody={})
        async with client.expression_measurement.stream.connect() as socket:
            return await socket.send_file("audio.mp3", config=model_config)

    result = asyncio.run(main())

    assert len(result.prosody.predictions[0].emotions) == 48


# ── older clients, in environments of their own


@pytest.fixture(scope="module", params=["0.6", "0.12"])
def told(request, server, clips):
    python, script, scheme = {
        "0.6": ("legacy_python", "stream_2023.py", "ws"),
        "0.12": ("python_before", "stream_2025.py", "http"),
    }[request.param]
    script = __file__.replace("test_stream.py", script)
    url = server.url.replace("http", scheme, 1)
    python = str(request.getfixturevalue(python))
    return json.loads(output(python, script, url, server.key, str(clips), json.dumps(FACES)))


@pytest.mark.parametrize("name", ANSWERED)
def test_what_was_measured_arrives(name, told, expected):
    assert told_by(told[name]) == told_by(expected[name])


def test_a_model_that_cannot_look_at_it_is_told_as_an_error(told, expected):
    error = expected["mismatch"]
    if isinstance(told["mismatch"], str):
        assert told["mismatch"] == f"hume({error['code']}): {error['error']}"
    else:
        assert told_by(told["mismatch"]) == error


def test_the_rest_is_understood(told):
    first, second = (one["job_details"]["job_id"] for one in told["details"])
    assert first == second
    assert "error" not in told["reset"]
    assert told.get("named", {}).get("payload_id") in {None, "mine"}
    assert told["wrong key"] in (
        "HumeStreamClient initialized with invalid API key.",
        [401, "Websocket initialized with invalid credentials."],
    )


# ── npm hume 0.15, to whose built-in name TLS is spoken


@pytest.fixture(scope="module")
def told_node(node, secure, certificate, clips):
    port = str(urlsplit(secure.url).port)
    return json.loads(
        node(
            "stream.cjs",
            port,
            secure.key,
            str(clips),
            json.dumps(FACES),
            NODE_EXTRA_CA_CERTS=str(certificate[0]),
        )
    )


def test_a_program_of_node_understands_every_reply(told_node, expected):
    order = ("talk", "film", "wall", "text", "passage", "file", "facemesh", "mismatch", "hello", "again")
    received = told_node["received"]

    assert [told_by(one) for one in received[: len(order)]] == [told_by(expected[name]) for name in order]
    assert received[len(order)] == {}  # the reset
    assert told_by(received[len(order) + 1]) == told_by(expected["afresh"])
    assert list(received[len(order) + 2]) == ["job_details"]
    for name in ANSWERED:
        assert set(expected[name]) <= set(told_node[name])  # nothing was lost on the way through its types
    error = expected["mismatch"]
    assert told_node["mismatch"] == {"error": f"CODE {error['code']}: {error['error']}"}
    assert "error" in told_node["wrong key"]
