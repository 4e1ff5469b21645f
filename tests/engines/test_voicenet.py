"""The voice network as it is shipped."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.engines.voicenet import LONGEST, VoiceNet
from mien.errors import EngineError
from mien.labels import EXPRESSIONS
from mien.types import SOUND_RATE
from mien.weights import network
from tests.engines.conftest import recorded
from tests.media import silence, tone


@pytest.fixture(scope="module")
def voice():
    return VoiceNet(network("voice"), threads=1)


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=5))
@hypothesis_settings(max_examples=15, deadline=None)
def test_a_piece_scores_the_same_alone_and_beside_others(voice, call, lengths):
    pieces = [call[k * SOUND_RATE :][: int(length * SOUND_RATE)] for k, length in enumerate(lengths)]

    together = voice.prosody(pieces)

    assert together.shape == (len(pieces), len(EXPRESSIONS))
    for piece, row in zip(pieces, together, strict=True):
        np.testing.assert_allclose(voice.prosody([piece])[0], row, atol=1e-4)


@pytest.mark.parametrize("sound", [silence(1), silence(0), tone(2), tone(0.05)], ids=len)
def test_what_is_no_speech_still_gives_numbers(voice, sound):
    scores = voice.prosody([sound])

    assert np.isfinite(scores).all()
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_the_level_of_a_recording_matters_little(voice, call):
    loud, soft = voice.prosody([call[: 4 * SOUND_RATE], call[: 4 * SOUND_RATE] * 0.1])

    assert np.abs(loud - soft).max() < 0.05


def test_a_long_piece_is_the_mean_of_its_parts(voice, call):
    piece = call[: LONGEST + SOUND_RATE]
    halves = np.array_split(piece, 2)

    whole, first, second = voice.prosody([piece, *halves])

    np.testing.assert_allclose(whole, (first + second) / 2, atol=1e-3)


def test_another_network_is_refused(voice):
    from importlib.util import find_spec

    other = Path(find_spec("faster_whisper").origin).parent / "assets" / "silero_vad_v6.onnx"

    with pytest.raises(EngineError, match="not a voice network"):
        VoiceNet(other, threads=1)


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
def test_acted_sentences_score_higher_on_what_is_acted(voice, acted, name, letter, others):
    scores = voice.prosody([sound for _, sound in acted])[:, EXPRESSIONS.index(name)]
    meant = np.array([found == letter for found, _ in acted])
    other = np.array([found in others for found, _ in acted])

    assert scores[meant].mean() > 2 * scores[other].mean()


def test_plain_reading_scores_low_everywhere_but_for_what_is_calm(voice, shared, tmp_path):
    with tarfile.open(shared / "data" / "voice" / "librispeech.tar") as archive:
        some = [one for one in archive if "librispeech_dev" in one.name and one.isfile()][:10]
        archive.extractall(tmp_path, some, filter="data")
    sounds = [recorded(path) for path in sorted(tmp_path.rglob("*.opus"))]

    scores = voice.prosody(sounds).mean(0)

    assert scores.max() < 0.3
    assert scores.sum() < 3
