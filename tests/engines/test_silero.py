"""Voice activity: where silero hears speech, and how its probabilities become stretches."""

from importlib.util import find_spec
from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime import InferenceSession

from mien.engines import LONGEST_STRETCH
from mien.engines.silero import CHUNK, CONTEXT, PADDING, PAUSE, SHORTEST, Silero, stretches, voice_activity
from mien.errors import EngineError
from mien.settings import Settings
from mien.types import SOUND_RATE
from tests.media import silence, tone

SILERO = voice_activity(Settings())
NETWORK = Path(find_spec("faster_whisper").origin).parent / "assets" / "silero_vad_v6.onnx"
SECOND = SOUND_RATE / CHUNK
"""Chunks a second."""


def heard(*pieces):
    return [(stretch.begin, stretch.end) for stretch in SILERO.speech(iter(pieces))]


def noise(seconds, level):
    return np.random.default_rng(0).normal(0, level, round(seconds * SOUND_RATE)).astype(np.float32)


# ── the network


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(silence(0), id="nothing"),
        pytest.param(silence(5), id="silence"),
        pytest.param(tone(5), id="a tone"),
        pytest.param(np.ones(5 * SOUND_RATE, np.float32), id="a constant"),
        pytest.param(noise(5, 0.01), id="soft noise"),
        pytest.param(noise(5, 0.5), id="loud noise"),
        pytest.param(tone(0.01), id="a click"),
    ],
)
def test_hears_no_speech_where_there_is_none(sound):
    assert heard(sound) == []


def test_says_what_the_network_says_that_it_was_rewritten_from(speech_of_kennedy):
    """By its own file, which hears one chunk after the other."""
    theirs = InferenceSession(NETWORK)
    state = {"h": np.zeros((1, 1, 128), np.float32), "c": np.zeros((1, 1, 128), np.float32)}
    batches = [speech_of_kennedy[: 40 * CHUNK], speech_of_kennedy[40 * CHUNK : 99 * CHUNK], noise(0.512, 0.1)]
    before = np.zeros(CONTEXT, np.float32)

    for batch, likely in zip(batches, SILERO._likely(batches), strict=True):
        with_context = np.concatenate([before, batch])
        chunks = np.stack([with_context[k : k + CONTEXT + CHUNK] for k in range(0, len(batch), CHUNK)])
        expected, state["h"], state["c"] = theirs.run(None, {"input": chunks, **state})
        before = batch[-CONTEXT:]
        np.testing.assert_allclose(likely, expected, atol=1e-4)


def test_another_network_is_refused(tmp_path):
    other = tmp_path / "silero_vad_v6.onnx"
    for data in (NETWORK.read_bytes()[:-1000], b"", b"silero"):
        other.write_bytes(data)
        with pytest.raises(EngineError, match="silero_vad_v6"):
            Silero(other)


def test_hears_every_sentence_of_a_speech(speech_of_kennedy):
    found = heard(speech_of_kennedy)

    assert len(found) == 4  # he makes three pauses
    assert found[0][0] < 0.4
    assert found[-1][1] == pytest.approx(10.6, abs=0.3)


def test_hears_every_line_of_a_call(call):
    assert len(heard(call)) == 6


def test_hears_the_same_however_the_sound_comes_in(call):
    sizes = np.random.default_rng(1).integers(0, 40_000, 50).cumsum()
    pieces = np.split(call, sizes[sizes < len(call)])

    assert heard(*pieces) == heard(call)


def test_stretches_come_before_the_sound_ends(call):
    def endless():
        yield call
        while True:
            yield silence(1)

    assert next(SILERO.speech(endless())).begin < 0.4


def test_a_stretch_ends_with_the_sound(call):
    cut = call[: 2 * SOUND_RATE - 100]  # in the middle of a word

    assert heard(cut)[-1][1] == len(cut) / SOUND_RATE


# ── from probabilities to stretches

likely = st.lists(
    st.tuples(st.sampled_from([0.0, 0.3, 0.4, 0.6, 1.0]), st.integers(1, 400)), max_size=12
).map(lambda runs: [p for p, length in runs for _ in range(length)])


@given(likely)
def test_stretches_are_in_order_apart_and_short_enough(probabilities):
    found = list(stretches(probabilities))

    for (begin, end), (following, _) in pairwise([*found, (inf, inf)]):
        assert 0 <= begin < end <= following
        assert end - begin <= LONGEST_STRETCH * SECOND
        assert end <= len(probabilities) + PADDING * SECOND


@given(likely)
def test_no_long_speech_is_lost(probabilities):
    covered = {chunk for begin, end in stretches(probabilities) for chunk in range(begin, end)}

    run: list[int] = []
    for chunk, p in enumerate([*probabilities, 0.0]):
        if p >= 0.5:
            run.append(chunk)
        else:
            assert len(run) < SHORTEST * SECOND or covered.issuperset(run)
            run = []


def run(*lengths):
    """Speech and silence in turn, in seconds; begins with silence."""
    return [float(i % 2) for i, length in enumerate(lengths) for _ in range(round(length * SECOND))]


def seconds(probabilities):
    return [(begin / SECOND, end / SECOND) for begin, end in stretches(probabilities)]


def test_speech_is_padded_on_either_side():
    ((begin, end),) = seconds(run(2, 3, 2))

    assert begin == pytest.approx(2 - PADDING, abs=0.05)
    assert end == pytest.approx(5 + PADDING, abs=0.05)


def test_a_short_pause_does_not_end_a_stretch():
    assert len(seconds(run(1, 2, PAUSE - 0.1, 2, 1))) == 1
    assert len(seconds(run(1, 2, PAUSE + 0.1, 2, 1))) == 2


def test_what_is_too_short_is_a_noise():
    assert seconds(run(1, SHORTEST - 0.1, 1)) == []
    assert len(seconds(run(1, SHORTEST + 0.1, 1))) == 1


def test_doubt_neither_begins_nor_ends_speech():
    assert list(stretches([0.4] * 200)) == []
    assert list(stretches([1.0] * 50 + [0.4] * 200)) == [(0, 250 + int(PADDING * SECOND))]


def test_a_long_speech_is_cut_where_a_voice_is_least_likely():
    speech = [1.0] * 2000
    speech[700] = 0.6

    assert [begin for begin, _ in stretches(speech)][:2] == [0, 700]
