"""A session: what it remembers, and that every message has its one reply."""

import json
import re
from time import perf_counter
from urllib.parse import quote

import numpy as np
import pytest

from mien import labels, measure
from mien.engines import Engines
from mien.errors import EngineError, Overloaded
from mien.media.apart import Decoders
from mien.media.decode import open_media
from mien.media.decoder import command
from mien.media.webm import CLUSTER
from mien.settings import Settings
from mien.stream.payload import bounds
from mien.stream.together import SharedEngines
from mien.types import SOUND_RATE
from tests.media import film, grey, mesh, paced, picture, silence, talk, tone
from tests.stream.conftest import base64

SMALL = {"min_face_size": 10}


@pytest.fixture
def sent(tmp_path):
    """A recording as it is sent."""

    def sent(sound, suffix=".wav"):
        return base64(talk(tmp_path / f"talk{suffix}", sound))

    return sent


@pytest.fixture
def shot(tmp_path):
    """A picture of one brightness as it is sent."""

    def shot(level, suffix=".png", **size):
        return base64(picture(tmp_path / f"shot{suffix}", level, **size))

    return shot


def scores(item, of="emotions"):
    return {score["name"]: score["score"] for score in item[of]}


# ── what is measured


def test_text_is_read_by_the_word_unless_told_otherwise(ask):
    reply = ask(data="Hello there!", raw_text=True, models={"language": {}})

    assert list(reply) == ["language"]
    items = reply["language"]["predictions"]
    assert [(item["text"], item["position"]) for item in items] == [
        ("Hello", {"begin": 0, "end": 5}),
        ("there", {"begin": 6, "end": 11}),
    ]
    assert [list(item) for item in items] == [["text", "position", "emotions"]] * 2
    assert [score["name"] for score in items[0]["emotions"]] == list(labels.SPOKEN_EXPRESSIONS_CSV)


@pytest.mark.parametrize(
    ("granularity", "texts"),
    [
        ("word", ["Good", "Bad"]),
        ("sentence", ["Good!", "Bad."]),
        ("utterance", ["Good!", "Bad."]),
        ("passage", ["Good! Bad."]),
        ("conversational_turn", ["Good! Bad."]),
    ],
)
def test_text_is_cut_as_it_was_asked_for(granularity, texts, ask):
    reply = ask(data="Good! Bad.", raw_text=True, models={"language": {"granularity": granularity}})

    assert [item["text"] for item in reply["language"]["predictions"]] == texts


def test_sentiment_and_toxicity_come_when_they_are_asked_for(ask):
    reply = ask(data="Hi", raw_text=True, models={"language": {"sentiment": {}, "toxicity": {}}})

    (item,) = reply["language"]["predictions"]
    assert list(scores(item, "sentiment")) == list(labels.SENTIMENT)
    assert list(scores(item, "toxicity")) == list(labels.TOXICITY)


def test_a_text_file_is_a_text(ask):
    reply = ask(data=base64("Grüße!".encode()), models={"language": {"granularity": "sentence"}})

    assert reply["language"]["predictions"][0]["text"] == "Grüße!"


def test_sound_is_one_piece_of_prosody_and_the_bursts_in_it(sent, ask):
    reply = ask(data=sent(tone(2.0)), models={"prosody": {}, "burst": {}})

    assert list(reply) == ["burst", "prosody"]
    (piece,) = reply["prosody"]["predictions"]
    assert list(piece) == ["time", "emotions"]
    assert piece["time"] == {"begin": 0.0, "end": 2.0}
    assert [score["name"] for score in piece["emotions"]] == list(labels.EXPRESSIONS_CSV)
    assert [item["time"] for item in reply["burst"]["predictions"]] == [{"begin": 0.0, "end": 2.0}]
    assert list(reply["burst"]["predictions"][0]) == ["time", "emotions"]


def test_a_picture_is_frame_zero_without_a_time(shot, ask):
    reply = ask(data=shot(128), models={"face": SMALL})

    (face,) = reply["face"]["predictions"]
    assert list(face) == ["frame", "time", "bbox", "prob", "face_id", "emotions"]
    assert (face["frame"], face["time"], face["face_id"]) == (0, None, "unknown")
    assert face["bbox"] == {"x": 0, "y": 0, "w": 64, "h": 48}
    assert scores(face)["Joy"] == pytest.approx(128 / 255, abs=0.01)


def test_what_is_said_is_read_when_it_is_to_be_written_down(sent, ask):
    said = sent(np.concatenate([silence(0.5), tone(2.0)]))

    reply = ask(data=said, models={"language": {"granularity": "sentence"}}, transcription={})

    (item,) = reply["language"]["predictions"]
    assert list(item) == ["text", "position", "emotions", "time"]
    assert item["text"] == "word0 word1 word2 word3"
    assert item["time"] == {"begin": 0.5, "end": 2.5}


def test_what_was_not_understood_is_told(sent, ask):
    reply = ask(data=sent(silence(2.0)), models={"language": {}}, transcription={})

    assert reply["code"] == "E0200"
    assert "unable to transcribe" in reply["error"]


@pytest.mark.parametrize("asked", [{}, {"transcription": None}])
def test_nothing_is_written_down_unasked(asked, sent, ask):
    assert ask(data=sent(tone(1.0)), models={"language": {}}, **asked)["code"] == "E0102"


def test_how_long_it_took_is_told_to_who_asks(session):
    hello = {"data": "Hi", "raw_text": True, "models": {"language": {}}}
    came = perf_counter() - 0.25

    plain = json.loads(session.answer(json.dumps(hello), came))
    timed = json.loads(session.answer(json.dumps(hello | {"timing": True}), came))

    assert list(plain) == ["language"]
    assert list(timed) == ["language", "timing"]
    assert timed["timing"]["waited_ms"] >= 250
    assert timed["timing"]["measured_ms"] > 0


def test_facs_and_descriptions_come_when_they_are_asked_for(shot, ask):
    reply = ask(data=shot(128), models={"face": {**SMALL, "facs": {}, "descriptions": {}}})

    (face,) = reply["face"]["predictions"]
    assert list(scores(face, "facs")) == list(labels.FACS)
    assert list(scores(face, "descriptions")) == list(labels.FACE_DESCRIPTIONS)


def test_a_film_is_frames_by_their_numbers(tmp_path, ask):
    path = film(tmp_path / "a.mp4", *[128] * 30, sound=tone(1.0))

    reply = ask(data=base64(path), models={"face": SMALL, "prosody": {}})

    assert [face["frame"] for face in reply["face"]["predictions"]] == [0, 10, 20]
    assert {face["time"] for face in reply["face"]["predictions"]} == {None}
    assert len(reply["prosody"]["predictions"]) == 1


def test_nothing_is_measured_a_second_way(settings, tmp_path, ask):
    path = film(tmp_path / "a.mp4", *[60, 128, 190] * 10)

    streamed = ask(data=base64(path), models={"face": SMALL})["face"]["predictions"]

    (file,) = measure(path, models={"face": SMALL}, settings=settings).to_dict()["results"]["predictions"]
    (group,) = file["models"]["face"]["grouped_predictions"]
    for one, other in zip(streamed, group["predictions"], strict=True):
        assert (one["frame"], one["bbox"], one["prob"]) == (other["frame"], other["box"], other["prob"])
        assert scores(one) == pytest.approx(scores(other), abs=1e-4)


# ── landmarks, in the ways in which they are sent

TWO = [mesh(1.0).tolist(), mesh(0.5).tolist()]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"data": json.dumps(TWO), "raw_text": False}, id="as they are"),
        pytest.param({"data": base64(json.dumps(TWO).encode()), "raw_text": False}, id="base64"),
        pytest.param({"data": base64(json.dumps(TWO).encode()), "raw_text": True}, id="base64 called text"),
        pytest.param({"data": json.dumps(TWO), "raw_text": True}, id="as they are, called text"),
    ],
)
def test_landmarks_are_read_however_they_are_sent(said, ask):
    reply = ask(**said, models={"facemesh": {}})

    items = reply["facemesh"]["predictions"]
    assert [list(item) for item in items] == [["emotions"]] * 2
    assert [scores(item)["Joy"] for item in items] == [1.0, 0.5]  # in the order given


@pytest.mark.parametrize(
    ("coded", "raw"),
    [(bytes.decode, False), (base64, False), (base64, True)],
    ids=["as it is", "base64", "text"],
)
@pytest.mark.parametrize("number", [float("nan"), float("-inf")])
def test_landmarks_that_are_no_numbers_are_told(coded, raw, number, ask):
    face = mesh().tolist()
    face[0][0] = number

    for faces in ([face], face):
        reply = ask(data=coded(json.dumps(faces).encode()), raw_text=raw, models={"facemesh": {}})

        assert reply["code"] == "E0101"
        assert "face 0 is not 478 landmarks of three finite numbers" in reply["error"]


# ── payloads in their ways


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".webm", ".ogg", ".m4a", ".flac", ".aac", ".opus"])
def test_sound_is_heard_in_any_container(suffix, sent, ask):
    reply = ask(data=sent(tone(1.0), suffix), models={"prosody": {}})

    (piece,) = reply["prosody"]["predictions"]
    assert piece["time"]["end"] == pytest.approx(1.0, abs=0.1)


def broken(data):
    """What editors and mail make of it."""
    return f"{data[:30]} {data[30:50]}\t{data[50:70]}\r\n {data[70:]}"


@pytest.mark.parametrize(
    "dressed",
    [
        pytest.param(lambda data: f"data:image/png;base64,{data}", id="data URL"),
        pytest.param(lambda data: f"data:image/png;base64,{quote(data, safe='')}", id="within an address"),
        pytest.param(lambda data: f"DATA:audio/webm;codecs=opus;base64,{data}", id="with another type"),
        pytest.param(lambda data: f"\n{data[:50]}\n{data[50:]}\r\n", id="in lines"),
        pytest.param(lambda data: f"\n{broken(data)}\r\n", id="with blanks"),
        pytest.param(lambda data: f"data:;base64, {broken(data)}", id="data URL with blanks"),
        pytest.param(lambda data: f"data:;base64,{quote(broken(data), safe='')}", id="blanks in an address"),
        pytest.param(
            lambda data: f"data:;base64,{re.sub('%..', lambda sign: sign[0].lower(), quote(data, safe=''))}",
            id="in an address in small letters",
        ),
    ],
)
def test_base64_may_be_dressed(dressed, shot, ask):
    reply = ask(data=dressed(shot(128)), models={"face": SMALL})

    assert len(reply["face"]["predictions"]) == 1


def test_every_sign_of_base64_may_be_escaped(ask):
    escaped = quote(base64(b"Why???>>>!"), safe="").replace("%", "\n%")
    assert {sign.upper() for sign in re.findall("%..", escaped)} == {"%2B", "%2F", "%3D"}

    reply = ask(data=f"data:;base64,{escaped}", models={"language": {"granularity": "passage"}})

    assert [item["text"] for item in reply["language"]["predictions"]] == ["Why???>>>!"]


def test_a_text_in_an_address_that_is_longer_than_any_may_be_is_refused_before_it_is_decoded(ask):
    def code(count):
        return ask(data="data:," + "%00" * count, models={"language": {}})["code"]

    assert code(1000) == "E0200"  # decoded: it is no text
    assert code(50_000) == "E0206"


@pytest.mark.parametrize(
    "data",
    [
        "data:text/plain,I%20love%20caf%C3%A9s",
        "data:,I love cafés",
        "DATA:text/plain;charset=windows-1252,I%20love%20caf%E9s",
        f"data:text/plain;base64,{base64('I love cafés'.encode())}",
        f"data:text/plain;base64,{base64('I love cafés'.encode('cp1252'))}",
    ],
)
def test_a_data_url_may_be_a_text(data, ask):
    reply = ask(data=data, models={"language": {"granularity": "passage"}})

    assert [item["text"] for item in reply["language"]["predictions"]] == ["I love cafés"]


def elements(webm, begin, end):
    """Where the elements of a part of a WebM file begin, and where their contents do."""
    while begin < end:
        size_at = begin + (9 - webm[begin].bit_length())
        width = 9 - webm[size_at].bit_length()
        size = int.from_bytes(webm[size_at : size_at + width]) & ((1 << 7 * width) - 1)
        yield begin, size_at + width, size
        begin = size_at + width + size


@pytest.mark.parametrize("cut", ["between blocks", "between clusters"])
def test_chunks_of_a_browsers_recording_are_heard_one_by_one(cut, tmp_path, ask):
    path = tmp_path / "a.webm"
    webm = talk(path, np.concatenate([tone(1.0, level=0.8), tone(2.0, level=0.2)])).read_bytes()
    (_, begin, size), *_ = (one for one in elements(webm, 0, len(webm)) if webm[one[0]] == 0x18)
    clusters = [one for one in elements(webm, begin, begin + size) if webm[one[0] :][:4] == CLUSTER]
    blocks = [
        block for at, inner, length in clusters for block, _, _ in elements(webm, inner, inner + length)
    ]
    if cut == "between blocks":  # after about a second, as the recorder is asked to
        middle = next(at for at in blocks[len(blocks) // 3 :] if webm[at] == 0xA3)
        chunks = [webm[:middle], webm[middle:]]
    else:  # some recorders begin a cluster with each chunk
        head, block = webm[: clusters[0][0]], webm[clusters[0][0] :]
        chunks = [head + block, block]

    ends = [
        lengths(ask(data=base64(chunk), models={"prosody": {}}, stream_window_ms=500)) for chunk in chunks
    ]

    wanted = [[1.0], [2.0]] if cut == "between blocks" else [[3.0], [3.0]]
    assert ends == [pytest.approx(end, abs=0.1) for end in wanted]


def test_a_chunk_whose_beginning_was_never_sent_is_told_so(ask):
    assert ask(data=base64(CLUSTER + bytes(100)), models={"prosody": {}})["code"] == "E0200"


# ── what is said besides


def test_a_payload_id_comes_back_first(shot, ask):
    reply = ask(data=shot(128), models={"face": SMALL}, payload_id="a", job_details=True)

    assert list(reply) == ["payload_id", "job_details", "face"]
    assert reply["payload_id"] == "a"


def test_half_an_emoji_costs_no_more_than_itself(ask):
    said = {"raw_text": True, "models": {"language": {"granularity": "passage"}}, "payload_id": "x"}

    reply = ask(data="Good \ud83d!", **said)

    assert reply["payload_id"] == "x"
    assert [item["text"] for item in reply["language"]["predictions"]] == ["Good \ufffd!"]


def test_the_job_is_the_same_for_the_whole_connection(ask, session):
    first, second = ask(job_details=True), ask(job_details=True, payload_id="x")

    assert first == {"job_details": {"job_id": session.job_id}}
    assert second == {"payload_id": "x", "job_details": {"job_id": session.job_id}}
    assert len(session.job_id) == 32
    int(session.job_id, 16)


@pytest.mark.parametrize("yes", ["true", "yes", 1])
def test_the_job_is_told_however_yes_is_said(yes, ask, session):
    assert ask(job_details=yes) == {"job_details": {"job_id": session.job_id}}


@pytest.mark.parametrize("no", ["false", 0, None])
def test_the_job_is_not_told_unasked(no, ask):
    assert ask(job_details=no, reset_stream=True) == {}


def test_a_reset_alone_has_its_reply(ask):
    assert ask(reset_stream=True) == {}
    assert ask(reset_stream=True, payload_id="x") == {"payload_id": "x"}


def test_nulls_say_nothing(ask):
    reply = ask(
        data="Hi",
        raw_text=True,
        models={"face": None, "language": {"granularity": None, "sentiment": None}},
        payload_id=None,
        stream_window_ms=None,
        job_details=None,
        reset_stream=None,
    )

    assert [list(item) for item in reply["language"]["predictions"]] == [["text", "position", "emotions"]]


# ── memory


def lengths(reply):
    return [round(item["time"]["end"], 3) for item in reply["prosody"]["predictions"]]


def test_earlier_sound_fills_the_window(sent, ask):
    half = sent(tone(0.5))

    def end(**said):
        return lengths(ask(data=half, models={"prosody": {}}, **said))

    assert end(stream_window_ms=600) == [0.5]
    assert end(stream_window_ms=600) == [0.6]  # the last tenth of the first, and all of the second
    assert end() == [1.5]
    assert end(stream_window_ms=10_000) == [2.0]


def test_a_window_never_cuts_what_was_sent(sent, ask):
    assert lengths(ask(data=sent(tone(2.0)), models={"prosody": {}}, stream_window_ms=500)) == [2.0]


def test_earlier_sound_is_what_was_heard(sent, ask):
    ask(data=sent(tone(1.0, level=0.8)), models={"prosody": {}})
    reply = ask(data=sent(tone(1.0, level=0.2)), models={"prosody": {}})

    level = np.sqrt((0.8**2 + 0.2**2) / 2 / 2)
    assert scores(reply["prosody"]["predictions"][0])["Excitement"] == pytest.approx(level, abs=0.01)


def test_a_reset_forgets_earlier_sound(sent, ask):
    half = sent(tone(0.5))
    ask(data=half, models={"prosody": {}})

    assert lengths(ask(data=half, models={"prosody": {}}, reset_stream=True)) == [0.5]
    assert lengths(ask(data=half, models={"prosody": {}})) == [1.0]
    ask(reset_stream=True)
    assert lengths(ask(data=half, models={"prosody": {}})) == [0.5]


def test_sessions_do_not_hear_each_other(sent, settings, begin):
    engines = SharedEngines(settings, at_once=2)
    said = json.dumps({"data": sent(tone(0.5)), "models": {"prosody": {}}})

    replies = [json.loads(begin(engines).answer(said)) for _ in range(2)]

    assert [lengths(reply) for reply in replies] == [[0.5], [0.5]]


def test_ten_seconds_are_kept_and_no_more(sent, ask, session):
    five = sent(tone(5.0))
    for _ in range(4):
        reply = ask(data=five, models={"prosody": {}}, stream_window_ms=10_000)

    assert lengths(reply) == [10.0]
    assert len(session._before) == 10 * SOUND_RATE
    assert session._before.base is None  # nothing longer is held by it


def test_faces_keep_their_names_as_long_as_the_connection(shot, ask):
    def who(level, **said):
        reply = ask(data=shot(level), models={"face": {**SMALL, "identify_faces": True}}, **said)
        return [face["face_id"] for face in reply["face"]["predictions"]]

    assert who(128) == ["face_0"]
    assert who(250) == ["face_1"]
    assert who(128) == ["face_0"]
    assert who(70, reset_stream=True) == ["face_2"]
    assert who(250) == ["face_1"]


def test_faces_of_another_connection_are_others(shot, settings, begin):
    engines = SharedEngines(settings, at_once=2)

    def who(session, level):
        said = {"data": shot(level), "models": {"face": {**SMALL, "identify_faces": True}}}
        (face,) = json.loads(session.answer(json.dumps(said)))["face"]["predictions"]
        return face["face_id"]

    first, second = begin(engines), begin(engines)

    assert [who(first, 128), who(second, 250), who(first, 250)] == ["face_0", "face_0", "face_1"]


# ── nothing there

NO_MESHES = {"warning": "No face meshes detected.", "code": "W0102"}


@pytest.mark.parametrize(
    ("model", "payload", "warning"),
    [
        ("face", lambda shot, sent: shot(0), {"warning": "No faces detected.", "code": "W0103"}),
        (
            "prosody",
            lambda shot, sent: sent(silence(1.0)),
            {"warning": "No speech detected.", "code": "W0105"},
        ),
        (
            "burst",
            lambda shot, sent: sent(silence(1.0)),
            {"warning": "No vocal bursts detected.", "code": "W0101"},
        ),
        ("facemesh", lambda shot, sent: "[]", NO_MESHES),
        ("facemesh", lambda shot, sent: " [ ] ", NO_MESHES),
        ("facemesh", lambda shot, sent: base64(b"[]\n"), NO_MESHES),
        ("facemesh", lambda shot, sent: f"data:application/json;base64,{base64(b'[]')}", NO_MESHES),
        (
            "language",
            lambda shot, sent: base64(b" \n"),
            {"warning": "No emotional language detected.", "code": "W0104"},
        ),
    ],
)
def test_where_nothing_is_found_the_model_warns(model, payload, warning, shot, sent, ask):
    assert ask(data=payload(shot, sent), models={model: {}}) == {model: warning}


def test_a_warning_says_what_was_wrong_with_the_payload_besides(tmp_path, ask):
    murmur = np.random.default_rng(0).normal(0, 0.002, 4 * SOUND_RATE).astype(np.float32)
    whole = talk(tmp_path / "a.flac", murmur).read_bytes()

    quiet = ask(data=base64(whole[: len(whole) // 2]), models={"prosody": {}})["prosody"]

    assert list(quiet) == ["warning", "code"]
    assert quiet["code"] == "W0105"
    assert re.fullmatch(
        r"No speech detected \(the sound ends after .* seconds: the file was cut short\)\.", quiet["warning"]
    )


def test_what_was_wrong_with_a_payload_is_no_warning_where_something_is_found(tmp_path, ask):
    whole = talk(tmp_path / "a.flac", tone(4.0)).read_bytes()

    heard = ask(data=base64(whole[: len(whole) // 2]), models={"prosody": {}})["prosody"]

    assert list(heard) == ["predictions"]


def test_one_model_warns_beside_another_that_finds(sent, ask):
    quiet = np.concatenate(
        [silence(0.5), tone(0.1), silence(1.4)]
    )  # speech to the stub, but no burst: too short

    reply = ask(data=sent(quiet * 0.05), models={"prosody": {}, "burst": {}})

    assert reply["burst"]["code"] == "W0101"
    assert len(reply["prosody"]["predictions"]) == 1


# ── errors


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ("", "E0100", "not valid JSON"),
        ("{", "E0100", "not valid JSON"),
        ('{"data": NaN}', "E0100", "not valid JSON"),
        (b'{"job_details": true}', "E0100", "binary"),
        ("[]", "E0101", "must be a JSON object"),
        ("null", "E0101", "must be a JSON object"),
        ("{}", "E0101", "neither `data`"),
        ('{"models": {"face": {}}}', "E0101", "neither `data`"),
        ('{"data": "aGk="}', "E0101", "`models`"),
        ('{"data": "aGk=", "models": {}}', "E0101", "`models`"),
        ('{"data": "aGk=", "models": null}', "E0101", "`models`"),
        ('{"data": "aGk=", "models": {"face": null}}', "E0101", "`models`"),
        ('{"data": "aGk=", "models": []}', "E0101", "models"),
        ('{"data": "aGk=", "models": {"ner": {}}}', "E0101", "ner"),
        ('{"data": "aGk=", "models": {"burst": []}}', "E0101", "models.burst"),
        ('{"data": 5, "models": {"face": {}}}', "E0101", "data"),
        ('{"data": "x", "models": {"language": {"granularity": "letter"}}}', "E0101", "granularity"),
        ('{"data": "x", "models": {"face": {"fps_pred": -1}}}', "E0101", "fps_pred"),
        ('{"data": "x", "models": {"face": {}}, "stream_window_ms": 499}', "E0101", "at least 500"),
        ('{"data": "x", "models": {"face": {}}, "stream_window_ms": 10001}', "E0101", "at most 10000"),
        ('{"data": "x", "models": {"face": {}}, "payload_id": 5}', "E0101", "payload_id"),
        ('{"data": "no base64!", "models": {"face": {}}}', "E0201", "base64"),
        ('{"data": "häh", "models": {"face": {}}}', "E0201", "base64"),
        ('{"data": "data:image/png;base64,@", "models": {"face": {}}}', "E0201", "base64"),
        ('{"data": "AAECAwQFBgc=", "models": {"face": {}}}', "E0200", "unable to determine file type"),
        ('{"data": "", "models": {"face": {}}}', "E0200", "empty"),
        ('{"data": "/9j/4AAQ", "models": {"face": {}}}', "E0200", "image"),
        ('{"data": "[[1, 2], [3]]", "models": {"facemesh": {}}}', "E0101", "478 landmarks"),
    ],
)
def test_what_cannot_be_answered_is_told_why(message, code, words, session):
    reply = json.loads(session.answer(message))

    assert list(reply) == ["error", "code"]
    assert reply["code"] == code
    assert words in reply["error"]


def test_json_of_endless_values_is_refused_also_where_nothing_is_looked_at(session):
    endless = f'{{"payload_id": "x", "data": [{"[]," * 1_000_000}[]]}}'

    assert json.loads(session.answer(endless))["code"] == "E0101"
    assert json.loads(session.refuse(endless, Overloaded()))["code"] == "I0101"


@pytest.mark.parametrize(
    ("model", "payload", "seen"),
    [
        ("prosody", lambda d: picture(d / "a.png"), "image"),
        ("burst", lambda d: picture(d / "a.jpg"), "image"),
        ("language", lambda d: talk(d / "a.wav"), "audio"),
        ("face", lambda d: talk(d / "a.wav"), "audio"),
        ("facemesh", lambda d: talk(d / "a.wav"), "audio"),
        ("language", lambda d: film(d / "a.mp4", 0, 0), "video"),
        ("facemesh", lambda d: film(d / "a.mp4", 0, 0, sound=tone(0.1)), "video"),
        ("face", lambda d: b"Hello", "text"),
        ("facemesh", lambda d: b"Hello", "text"),
        ("language", lambda d: json.dumps(TWO).encode(), "facemesh"),
        ("language", lambda d: talk(d / "long.wav", tone(6.0)), "audio"),
        ("facemesh", lambda d: film(d / "long.mp4", *[0] * 60, fps=10), "video"),
        ("face", lambda d: b"Hello" * 2001, "text"),
    ],
)
def test_a_model_that_cannot_look_at_it_is_refused_in_the_words_of_the_api(
    model, payload, seen, tmp_path, ask
):
    reply = ask(data=base64(payload(tmp_path)), models={model: {}})

    assert reply == {
        "error": f"Streaming payload configured with model type '{model}',"
        f" which is not supported for the detected file type '{seen}'.",
        "code": "E0102",
    }


def test_a_film_without_sound_has_no_audio_signal(tmp_path, ask):
    reply = ask(data=base64(film(tmp_path / "a.mp4", 0, 0)), models={"face": {}, "prosody": {}})

    assert reply["code"] == "E0202"


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".webm", ".aac"])
def test_sound_longer_than_five_seconds_is_refused(suffix, sent, ask):
    within = ask(data=sent(tone(5.0), suffix), models={"prosody": {}})
    beyond = ask(data=sent(tone(6.0), suffix), models={"prosody": {}})

    assert len(within["prosody"]["predictions"]) == 1
    assert beyond["code"] == "E0203"
    assert "5000 ms are allowed" in beyond["error"]
    assert "ms were received" in beyond["error"]


@pytest.mark.parametrize("fps_pred", [3, 0, 0.001])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv", ".avi"])
def test_film_longer_than_five_seconds_is_refused(suffix, fps_pred, tmp_path, ask):
    models = {"face": {**SMALL, "fps_pred": fps_pred}}

    within = ask(data=base64(film(tmp_path / f"a{suffix}", *[128] * 50, fps=10)), models=models)
    beyond = ask(data=base64(film(tmp_path / f"b{suffix}", *[128] * 60, fps=10)), models=models)

    assert within["face"]["predictions"]
    assert beyond["code"] == "E0204"


@pytest.mark.parametrize("fps_pred", [30, 0])
def test_a_film_that_grows_faster_is_looked_at_to_its_end(fps_pred, tmp_path, ask):
    shown = [*range(0, 4000, 200), *range(4000, 4800, 20)]
    path = paced(tmp_path / "a.mkv", shown)

    found = ask(data=base64(path), models={"face": {**SMALL, "fps_pred": fps_pred}})["face"]["predictions"]

    assert len(found) == (60 if fps_pred == 0 else 44)


@pytest.mark.parametrize("fps", [25, 60])
def test_a_film_that_does_not_say_how_long_it_is_is_refused_once_it_is_too_long(fps, tmp_path, ask, settings):
    path = film(tmp_path / "a.m2v", *[128] * 6 * fps, fps=fps, codec="mpeg2video")
    assert open_media(path, "a", settings).duration is None

    assert ask(data=base64(path), models={"face": {**SMALL, "fps_pred": 0.001}})["code"] == "E0204"


@pytest.mark.parametrize(("width", "height"), [(3001, 10), (10, 3001), (3001, 3001)])
def test_a_picture_larger_than_three_thousand_pixels_is_refused(width, height, shot, ask):
    reply = ask(data=shot(128, ".jpg", width=width, height=height), models={"face": {}})

    assert reply["code"] == "E0205"


def test_a_picture_of_three_thousand_pixels_is_taken(shot, ask):
    reply = ask(data=shot(128, ".jpg", width=3000, height=3000), models={"face": {}})

    assert len(reply["face"]["predictions"]) == 1


@pytest.mark.parametrize("raw", [True, False])
def test_a_text_longer_than_ten_thousand_characters_is_refused(raw, ask):
    def reply(text):
        data = text if raw else base64(text.encode())
        return ask(data=data, raw_text=raw, models={"language": {"granularity": "passage"}})

    assert len(reply("ä" * 10_000)["language"]["predictions"]) == 1
    assert reply("ä" * 10_001)["code"] == "E0206"


def test_a_hundred_faces_are_read_and_no_more(ask):
    face = mesh().round(2).tolist()

    assert len(ask(data=json.dumps([face] * 100), models={"facemesh": {}})["facemesh"]["predictions"]) == 100
    assert ask(data=json.dumps([face] * 101), models={"facemesh": {}})["code"] == "E0101"


def test_an_error_says_whose_it_is(ask, session):
    reply = ask(data="!", models={"face": {}}, payload_id="x", job_details=True)

    assert list(reply) == ["payload_id", "job_details", "error", "code"]
    assert ask(data=5, payload_id="y")["payload_id"] == "y"


def test_an_error_does_not_end_the_session(ask):
    ask(data="!", models={"face": {}})

    assert "language" in ask(data="Hi", raw_text=True, models={"language": {}})


def test_where_no_engine_is_the_reply_says_so(settings, begin, shot):
    bare = Settings(**settings.model_dump() | {"face_reader": "", "face_finder": ""})
    said = json.dumps({"data": shot(128), "models": {"face": {}}})

    reply = json.loads(begin(settings=bare).answer(said))

    assert reply["code"] == "I0102"
    assert reply["error"].startswith("face: no engine for")


class _Broken(SharedEngines):
    """Engines one of which fails."""

    def __init__(self, settings, error):
        super().__init__(settings, at_once=2)
        self._error = error

    def load(self, role):
        if role == "text_reader":
            raise self._error
        return super().load(role)


@pytest.mark.parametrize("kind", [ZeroDivisionError, EngineError])
def test_a_defect_of_ours_is_an_error_and_tells_nothing(kind, settings, begin, caplog):
    session = begin(_Broken(settings, kind("a secret of the machine")))

    reply = json.loads(session.answer('{"data": "Hi", "raw_text": true, "models": {"language": {}}}'))

    assert reply["code"] == "I0100"
    assert "secret" not in reply["error"]
    assert "secret" in caplog.text


# ── replies fit the client


def test_a_reply_that_a_client_cannot_take_is_an_error_it_can(begin):
    session = begin(largest_reply=1 << 20)

    def reply(words, granularity):
        models = {"language": {"granularity": granularity}}
        said = {"data": "word " * words, "raw_text": True, "models": models, "payload_id": "x"}
        return session.answer(json.dumps(said))

    assert len(json.loads(reply(500, "word"))["language"]["predictions"]) == 500
    assert len(json.loads(reply(1999, "passage"))["language"]["predictions"]) == 1
    refused = reply(1999, "word")
    assert json.loads(refused)["code"] == "E0101"
    assert "1,048,576" in refused
    assert json.loads(refused)["payload_id"] == "x"


def test_a_reply_is_as_large_as_its_bytes(begin):
    models = {"language": {"granularity": "passage"}}
    said = json.dumps({"data": "世界" * 500, "raw_text": True, "models": models})
    reply = begin().answer(said)
    size = len(reply.encode())

    assert len(reply) < size - 1000
    assert begin(largest_reply=size).answer(said) == reply
    refused = json.loads(begin(largest_reply=size - 1).answer(said))
    assert refused["code"] == "E0101"
    assert f"takes {size:,} bytes" in refused["error"]


def test_replies_are_compact_and_scores_short(ask, session, shot):
    said = {"data": shot(127), "models": {"face": SMALL}}

    reply = session.answer(json.dumps(said))

    assert not re.search(r"\s", reply.replace("Aesthetic App", "").replace(" (", "").replace("c P", ""))
    assert all(
        len(str(score["score"])) <= 6 for score in json.loads(reply)["face"]["predictions"][0]["emotions"]
    )


# ── wider limits


@pytest.fixture
def wide(settings, begin):
    settings = Settings(**settings.model_dump() | {"stream_wide": True})
    session = begin(settings=settings, decoders=Decoders(command(bounds(settings)), 1))
    return lambda **said: json.loads(session.answer(json.dumps(said)))


def test_wide_limits_take_what_jobs_take(wide, sent, shot, tmp_path):
    long = wide(data=sent(tone(12.0)), models={"prosody": {}})
    assert lengths(long) == [6.0, 12.0]
    path = film(tmp_path / "a.mp4", *[128] * 60, fps=10)
    assert len(wide(data=base64(path), models={"face": SMALL})["face"]["predictions"]) == 18
    picture_ = shot(128, ".jpg", width=3200, height=20)
    assert len(wide(data=picture_, models={"face": SMALL})["face"]["predictions"]) == 1
    text = wide(data="a" * 20_000, raw_text=True, models={"language": {"granularity": "passage"}})
    assert len(text["language"]["predictions"]) == 1


def test_a_file_by_itself_knows_no_faces_of_others(settings):
    engines = Engines(settings)
    engines.face_memory().known.append(grey(0))

    assert engines.face_memory().known == []
