"""The voice network as it is shipped."""

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
    from pathlib import Path

    other = Path(find_spec("faster_whisper").origin).parent / "assets" / "silero_vad_v6.onnx"

    with pytest.raises(EngineError, match="not a voice network"):
        VoiceNet(other, threads=1)
