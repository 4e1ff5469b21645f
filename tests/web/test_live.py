"""Live, with a camera and a microphone that play what they are given."""

import re
from pathlib import Path

import numpy as np
import pytest

from mien.app import build
from mien.jobs.store import Listing
from mien.media.decode import open_media
from mien.settings import Settings
from mien.wire.batch import Completed
from tests.media import talk

CALL = Path(__file__).parent.parent.parent / "examples" / "call.flac"

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def chromium(launch, tmp_path_factory):
    """A browser whose microphone hears a telephone call."""
    sound = np.concatenate(list(open_media(CALL, CALL.name, Settings()).sound()))
    heard = talk(tmp_path_factory.mktemp("heard") / "call.wav", sound)
    browser = launch(f"--use-file-for-fake-audio-capture={heard}")
    yield browser
    browser.close()


@pytest.fixture
def mien(settings):
    """Voice and text are really measured; faces are not told apart."""
    real = {"voice": "voicenet", "voice_activity": "silero", "text_reader": "textnet"}
    return build(settings.model_copy(update=real | {"face_identity": "", "require_key": True}))


def test_face_voice_and_words_are_measured_while_they_go_on(mien, address, look, axe):
    key = mien.keys.create_key("test")[1]
    page = look(f"{address}/library", allow="401")
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()
    page.get_by_role("link", name="Live").click()

    page.get_by_label("Text to be read as you type").fill("I am so happy that you came!")
    page.locator(".typing mark").first.wait_for()
    page.get_by_role("list", name="What this sentence expresses").wait_for()

    page.get_by_role("button", name="Camera and microphone").click()
    page.locator(".live .face").wait_for()
    page.get_by_role("list", name="What the face expresses").get_by_text("Joy").wait_for()
    page.get_by_role("list", name="What the voice expresses").wait_for()
    page.get_by_role("list", name="Lines").get_by_text("word0").first.wait_for()
    page.get_by_text(re.compile(r"images per second, \d+ ms round trip, \d+ in the server")).wait_for()
    assert axe(page) == []

    page.get_by_role("button", name="Record").click()
    page.get_by_text(re.compile("Recording 0:0[2-9]")).wait_for()
    page.get_by_role("button", name="Stop and measure").click()
    page.get_by_text("The recording is a job now").wait_for()

    (job,) = mien.jobs.list(Listing())
    assert re.fullmatch(r"live-\d{4}-\d\d-\d\d-\d{4}\.(webm|mp4)", job.sources[0].filename)
    assert {"face", "prosody", "burst", "language"} == {*job.request.chosen()}
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused", exact=True).wait_for()
    for _ in range(600):
        if isinstance(mien.jobs.get(job.id).state, Completed):
            break
        page.wait_for_timeout(500)
    else:
        pytest.fail("the recording was never measured")
    assert sockets
    assert not [url for url in sockets if key in url]


def test_a_recording_is_kept_when_the_view_is_left(mien, address, look):
    key = mien.keys.create_key("test")[1]
    page = look(f"{address}/library", allow="401")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()
    page.get_by_role("link", name="Live").click()
    page.get_by_role("button", name="Microphone only").click()
    page.get_by_role("button", name="Record").click()
    page.get_by_text(re.compile("Recording 0:0[1-9]")).wait_for()

    page.get_by_role("link", name="Library").click()
    page.get_by_text("Nothing has been measured yet.").wait_for()
    page.get_by_role("link", name="Live").click()

    page.get_by_text("was not handed in").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("The recording is a job now").wait_for()
    assert len([*mien.jobs.list(Listing())]) == 1


def test_a_browser_that_refuses_is_named_and_typing_goes_on(mien, address, look):
    key = mien.keys.create_key("test")[1]
    page = look(f"{address}/library", allow="401")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()
    page.get_by_role("link", name="Live").click()
    page.get_by_role("button", name="Microphone only").wait_for()
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia ="
        " () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )

    page.get_by_role("button", name="Microphone only").click()
    page.get_by_role("alert").get_by_text("was not allowed to use the microphone").wait_for()

    page.get_by_label("Text to be read as you type").fill("That is awful.")
    page.locator(".typing mark").first.wait_for()


def test_while_the_server_does_not_answer_nothing_is_said_of_what_is_seen(mien, address, look):
    key = mien.keys.create_key("test")[1]
    page = look(address, allow="401")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()
    page.route_web_socket(re.compile("/stream/models"), lambda socket: None)  # which never answers
    page.goto(f"{address}/live")

    page.get_by_role("button", name="Camera and microphone").click()

    page.get_by_text("Waiting for the server.").nth(1).wait_for()
    assert not page.get_by_text("No face in the image.").is_visible()
    assert not page.get_by_text("Nobody speaks.").is_visible()


def test_a_face_is_no_longer_shown_when_the_server_no_longer_answers(mien, address, look):
    key = mien.keys.create_key("test")[1]
    page = look(address, allow="401")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()
    silent = []

    def passed_on(socket):
        server = socket.connect_to_server()
        socket.on_message(lambda message: silent or server.send(message))

    page.route_web_socket(re.compile("/stream/models"), passed_on)
    page.goto(f"{address}/live")
    page.get_by_role("button", name="Camera only").click()
    page.locator(".live .face").wait_for()

    silent.append(True)

    page.locator(".live .face").wait_for(state="detached")
