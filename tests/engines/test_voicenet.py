"""The voice networks as they are shipped."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.engines.voicenet import LONGEST, STEP, VoiceNet
from mien.errors import EngineError
from mien.labels import BURST_DESCRIPTIONS, EXPRESSIONS
from mien.segments.hearing import hearing
from mien.types import HEARD_STEP, SOUND_RATE
from mien.weights import network
from tests.engines.conftest import recorded
from tests.media import silence, tone

HEADS = network("voice").with_suffix(".heads.onnx")


@pytest.fixture(scope="module")
def voice():
    return VoiceNet(network("voice"), HEADS, threads=1)


@pytest.fixture(scope="module")
def prosody(voice):
    """Scores of whole sounds."""
    return lambda *sounds: voice.prosody(voice.hear(sounds))


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=5))
@hypothesis_settings(max_examples=10, deadline=None)
def test_a_sound_is_heard_the_same_alone_and_beside_others(voice, call, lengths):
    sounds = [call[k * SOUND_RATE :][: int(length * SOUND_RATE)] for k, length in enumerate(lengths)]

    for sound, heard in zip(sounds, voice.hear(sounds), strict=True):
        assert len(heard) == len(sound) // STEP + 1
        (alone,) = voice.hear([sound])
        assert np.abs(alone - heard).mean() < 0.05  # a number in the middle of two bytes may become either
        np.testing.assert_allclose(voice.prosody([alone]), voice.prosody([heard]), atol=0.01)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), min_size=1, max_size=5))
@hypothesis_settings(max_examples=15, deadline=None)
def test_a_piece_scores_the_same_alone_and_beside_others(voice, heard_call, places):
    pieces = [heard_call[begin : begin + rows] for begin, rows in places]

    together, bursts = voice.prosody(pieces), voice.bursts(pieces)

    assert together.shape == bursts.expressions.shape == (len(pieces), len(EXPRESSIONS))
    assert bursts.descriptions.shape == (len(pieces), len(BURST_DESCRIPTIONS))
    for k, piece in enumerate(pieces):
        np.testing.assert_allclose(voice.prosody([piece])[0], together[k], atol=1e-4)
        np.testing.assert_allclose(voice.bursts([piece]).descriptions[0], bursts.descriptions[k], atol=1e-4)


@pytest.fixture(scope="module")
def heard_call(voice, call):
    return hearing(voice, [call]).rows


@pytest.mark.parametrize("sound", [silence(1), silence(0), tone(2), tone(0.05)], ids=len)
def test_what_is_no_speech_still_gives_numbers(voice, sound):
    (heard,) = voice.hear([sound])
    bursts = voice.bursts([heard])

    for scores in (voice.prosody([heard]), bursts.expressions, bursts.descriptions):
        assert np.isfinite(scores).all()
        assert scores.min() >= 0
        assert scores.max() <= 1


def test_the_level_of_a_recording_matters_little(prosody, call):
    loud, soft = prosody(call[: 4 * SOUND_RATE], call[: 4 * SOUND_RATE] * 0.1)

    assert np.abs(loud - soft).max() < 0.05


def test_a_long_piece_is_the_mean_of_its_parts(voice, heard_call):
    piece = np.concatenate([heard_call] * 3)[: LONGEST + 6]
    halves = np.array_split(piece, 2)

    whole, first, second = voice.prosody([piece, *halves])

    np.testing.assert_allclose(whole, (first + second) / 2, atol=1e-3)


def test_a_piece_of_a_recording_scores_as_by_itself(voice, prosody, call):
    """Nearly: what lies around it is heard too, and the loudness of the block."""
    heard = hearing(voice, [call])
    begin, end = 3.2, 7.2

    within = voice.prosody([heard.rows[round(begin / HEARD_STEP) : round(end / HEARD_STEP)]])[0]
    alone = prosody(call[int(begin * SOUND_RATE) : int(end * SOUND_RATE)])[0]

    assert np.abs(within - alone).max() < 0.15


def test_another_network_is_refused(voice):
    from importlib.util import find_spec

    other = Path(find_spec("faster_whisper").origin).parent / "assets" / "silero_vad_v6.onnx"

    with pytest.raises(EngineError, match="not a voice network"):
        VoiceNet(other, HEADS, threads=1)
    with pytest.raises(EngineError, match="not a voice network"):
        VoiceNet(network("voice"), other, threads=1)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(silence(20), id="silence"),
        pytest.param(
            np.random.default_rng(0).normal(0, 0.01, 20 * SOUND_RATE).astype(np.float32), id="noise"
        ),
        *(pytest.param(tone(6, hz=hz), id=f"a tone of {hz} Hz") for hz in (220, 440, 1000, 3500)),
        pytest.param(np.concatenate([silence(3), tone(1, hz=1000), silence(4)]), id="a beep"),
        pytest.param(np.tile(np.concatenate([tone(1, hz=440), silence(2)]), 3), id="a telephone"),
    ],
)
def test_nothing_bursts_where_nobody_is(voice, sound):
    assert voice.find_bursts(hearing(voice, [sound]).rows) == []


@pytest.fixture(scope="module")
def burst_clips(shared, tmp_path_factory):
    """EmoGator's bursts by four speakers to report on: (number of the expression, sound) each."""
    folder = tmp_path_factory.mktemp("emogator")
    with tarfile.open(shared / "data" / "voice" / "emogator" / "speakers_251-300.tar") as archive:
        wanted = [
            one for one in archive if one.isfile() and one.name[:6] in {f"{k:06}" for k in range(261, 265)}
        ]
        archive.extractall(folder, wanted, filter="data")
    return [(int(path.stem.split("-")[1]), recorded(path)) for path in sorted(folder.rglob("*.opus"))]


AMUSEMENT, RELIEF = 2, 22
"""EmoGator's numbers."""


@pytest.mark.parametrize(
    ("name", "number", "other"),
    [("Amusement", AMUSEMENT, RELIEF), ("Relief", RELIEF, AMUSEMENT), ("Tiredness", RELIEF, AMUSEMENT)],
)
def test_bursts_score_higher_on_what_is_meant(voice, burst_clips, name, number, other):
    heard = {n: voice.hear([sound for k, sound in burst_clips if k == n]) for n in (number, other)}
    scores = {
        n: voice.bursts(rows).expressions[:, EXPRESSIONS.index(name)].mean() for n, rows in heard.items()
    }

    assert scores[number] > 1.5 * scores[other]


@pytest.mark.parametrize(
    ("number", "names", "others"),
    [
        (AMUSEMENT, ("Laugh", "Haha", "Giggle", "Chuckle"), ("Sigh", "Phew", "Whew")),
        (RELIEF, ("Sigh", "Phew", "Whew"), ("Laugh", "Haha", "Giggle", "Chuckle")),
    ],
)
def test_bursts_are_described_as_what_they_are(voice, burst_clips, number, names, others):
    scores = voice.bursts(voice.hear([sound for k, sound in burst_clips if k == number])).descriptions.mean(0)

    assert min(scores[BURST_DESCRIPTIONS.index(name)] for name in names) > max(
        scores[BURST_DESCRIPTIONS.index(name)] for name in others
    )


@pytest.mark.parametrize(
    ("calls", "names"),
    [
        (("Sigh", "Phew", "Whew"), ("Relief", "Tiredness")),
        (("Laugh", "Haha", "Giggle", "Chuckle"), ("Amusement",)),
        (("Cry", "Sob", "Whimper"), ("Sadness", "Distress")),
    ],
)
def test_what_sounds_like_a_call_expresses_what_such_calls_do(voice, burst_clips, calls, names):
    found = voice.bursts(voice.hear([sound for _, sound in burst_clips]))
    called = np.isin(np.array(BURST_DESCRIPTIONS)[found.descriptions.argmax(1)], calls)

    scores = found.expressions[called]
    first = np.array(EXPRESSIONS)[np.argsort(-scores, axis=1)[:, :3]]

    assert called.sum() >= 5
    assert EXPRESSIONS[scores.mean(0).argmax()] in names
    assert np.isin(first, names).any(axis=1).mean() >= 0.75


def test_a_laugh_in_a_talk_is_found(voice, burst_clips, speech_of_kennedy):
    laughs = [sound for number, sound in burst_clips if number == AMUSEMENT]
    laugh = max(laughs, key=lambda sound: float(np.square(sound).mean()))
    before, after = speech_of_kennedy[: 5 * SOUND_RATE], speech_of_kennedy[5 * SOUND_RATE :]
    laugh = laugh * (speech_of_kennedy.std() / laugh.std())

    found = voice.find_bursts(hearing(voice, [np.concatenate([before, laugh, after])]).rows)

    end = 5.0 + len(laugh) / SOUND_RATE
    assert max(min(one.end, end) - max(one.begin, 5.0) for one in found) > 0.5 * (end - 5.0)


def test_a_laugh_in_a_talk_is_heard_as_a_laugh(voice, burst_clips, reading):
    """In windows of 4 s, most of which are calm reading."""
    before, after = reading[0][-3 * SOUND_RATE :], reading[1][: 3 * SOUND_RATE]
    laughs = [sound * (before.std() / sound.std()) for number, sound in burst_clips if number == AMUSEMENT]
    talks = [hearing(voice, [np.concatenate([before, laugh, after])]).rows for laugh in laughs]
    found = [
        rows[round(2.0 / HEARD_STEP) :][: round(4.0 / HEARD_STEP)]
        for rows in talks
        if voice.find_bursts(rows)
    ]

    first = np.array(EXPRESSIONS)[voice.prosody(found).argmax(1)]

    assert len(found) >= 5
    assert np.isin(first, ("Amusement", "Joy")).mean() >= 0.6
    assert np.isin(first, ("Disgust", "Anger", "Sadness")).mean() <= 0.25


@pytest.fixture(scope="module")
def acted(shared, tmp_path_factory):
    """EMO-DB's sentences by one speaker: (letter of the emotion, sound) each."""
    folder = tmp_path_factory.mktemp("emodb")
    with tarfile.open(shared / "data" / "voice" / "emodb.tar") as archive:
        wanted = [one for one in archive if Path(one.name).name.startswith("03") and one.isfile()]
        archive.extractall(folder, wanted, filter="data")
    return [(path.stem[5], recorded(path)) for path in sorted(folder.rglob("03*.flac"))]


@pytest.mark.parametrize(
    ("name", "letter", "others"),
    [("Anger", "W", "NLT"), ("Boredom", "L", "WFA"), ("Sadness", "T", "WF"), ("Joy", "F", "NLT")],
)
def test_acted_sentences_score_higher_on_what_is_acted(prosody, acted, name, letter, others):
    scores = prosody(*[sound for _, sound in acted])[:, EXPRESSIONS.index(name)]
    meant = np.array([found == letter for found, _ in acted])
    other = np.array([found in others for found, _ in acted])

    assert scores[meant].mean() > 2 * scores[other].mean()


@pytest.fixture(scope="module")
def reading(shared, tmp_path_factory):
    """LibriSpeech's sentences, ten of them."""
    folder = tmp_path_factory.mktemp("librispeech")
    with tarfile.open(shared / "data" / "voice" / "librispeech.tar") as archive:
        some = [one for one in archive if "librispeech_dev" in one.name and one.isfile()][:10]
        archive.extractall(folder, some, filter="data")
    return [recorded(path) for path in sorted(folder.rglob("*.opus"))]


def test_plain_reading_scores_low_everywhere_but_for_what_is_calm(prosody, reading):
    scores = prosody(*reading).mean(0)

    assert scores.max() < 0.3
    assert scores.sum() < 3
