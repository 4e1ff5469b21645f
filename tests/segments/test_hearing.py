"""A recording is heard once, in blocks, as if it were heard whole."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.engines.stub import Stub
from mien.segments.hearing import BLOCK, BURST, CONTEXT, SPOKEN, Hearing, hearing
from mien.types import HEARD_STEP, SOUND_RATE, Interval
from tests.media import silence, tone

STEP = round(HEARD_STEP * SOUND_RATE)


class Sampled(Stub):
    """Hears the sample at the time of each row."""

    def hear(self, sounds):
        self.longest = max(len(sound) for sound in sounds)
        return [
            np.append(sound, 7)[::STEP][: len(sound) // STEP + 1, None].astype(np.float16) for sound in sounds
        ]


def rising(samples):
    """Samples that say which row they are in."""
    return (np.arange(samples) // STEP % 1000).astype(np.float32)


@given(st.integers(0, round(3.5 * BLOCK * SOUND_RATE)), st.integers(1, 50_000))
@example(samples=round(BLOCK * SOUND_RATE), chunk=4096)
@example(samples=round(BLOCK * SOUND_RATE) - 1, chunk=4096)
@example(samples=round((BLOCK + CONTEXT) * SOUND_RATE), chunk=4096)
@example(samples=round((BLOCK + CONTEXT) * SOUND_RATE) + 1, chunk=4096)
def test_every_moment_is_heard_once(samples, chunk):
    sound = rising(samples)

    found = hearing(Sampled(), [sound[k : k + chunk] for k in range(0, samples, chunk)])

    assert found.length == samples / SOUND_RATE
    rows = found.rows[:, 0].tolist() if samples else []
    assert rows[: samples // STEP] == [k % 1000 for k in range(samples // STEP)]
    assert len(rows) == (samples // STEP + 1 if samples else 0)


def test_no_more_than_a_block_is_heard_at_once():
    voice = Sampled()

    hearing(voice, [rising(60 * SOUND_RATE)])

    assert voice.longest == round((BLOCK + 2 * CONTEXT) * SOUND_RATE)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0.1, 10))
def test_a_piece_is_the_rows_within_it(one, other, length):
    rows = np.arange(int(length / HEARD_STEP + 1e-6) + 1, dtype=np.float16)[:, None]
    time = Interval(*sorted((one, other)))

    found = Hearing(length, rows).between(time)[:, 0] * HEARD_STEP

    assert len(found)
    if time.length >= SPOKEN and time.end <= length:
        assert found[0] >= time.begin - 0.01
        assert found[-1] <= time.end + 0.01
        assert len(found) == pytest.approx(time.length / HEARD_STEP, abs=1.01)


def test_a_short_piece_is_heard_with_what_lies_around_it():
    found = hearing(Stub(), [np.concatenate([silence(2), tone(2)])])

    word = found.between(Interval(1.8, 1.9))
    burst = found.between(Interval(1.8, 1.9), BURST)

    assert len(word) * HEARD_STEP == pytest.approx(SPOKEN, abs=HEARD_STEP)
    assert len(burst) * HEARD_STEP == pytest.approx(BURST, abs=HEARD_STEP)
    assert burst.max() > 0.1  # the tone after it


def test_at_the_edges_of_a_recording_as_much_is_heard_as_within():
    found = hearing(Stub(), [tone(10)])

    lengths = [len(found.between(Interval(begin, begin + 0.3))) for begin in (0, 5, 9.7)]

    assert max(lengths) - min(lengths) <= 1
    assert len(hearing(Stub(), [tone(1)]).between(Interval(0, 0.3))) * HEARD_STEP == pytest.approx(
        1, abs=0.15
    )
