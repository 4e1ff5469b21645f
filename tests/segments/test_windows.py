"""Windows that slide over the sound."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.engines import Engines
from mien.segments import Reading
from mien.segments.windows import Windows
from mien.settings import Settings
from mien.types import SOUND_RATE, Interval
from tests.media import Talk, silence, speech, tone

ENGINES = Engines(Settings(voice_activity="stub", voice="stub"))

lengths = st.floats(0.5, 8, allow_nan=False)


def windows(sound, cut: Windows):
    return list(cut.segments(Reading(Talk(sound=sound), ENGINES, None)))


@given(samples=st.integers(0, 12 * SOUND_RATE), length=lengths, step=lengths)
@example(samples=0, length=4.0, step=1.0)
@example(samples=1, length=4.0, step=1.0)
@example(samples=4 * SOUND_RATE, length=4.0, step=1.0)
@example(samples=4 * SOUND_RATE + 1, length=4.0, step=1.0)
@example(samples=8 * SOUND_RATE, length=4.0, step=4.0)
@example(samples=9 * SOUND_RATE, length=0.7, step=0.1 * 9)
def test_windows_cover_the_sound_without_gaps(samples, length, step):
    sound = np.zeros(samples, np.float32)

    found = windows(sound, Windows(length, step))

    covered = np.zeros(samples, bool)
    for k, piece in enumerate(found):
        assert piece.time.begin == k * step
        assert piece.time.end == min(k * step + length, samples / SOUND_RATE)
        covered[round(piece.time.begin * SOUND_RATE) : round(piece.time.end * SOUND_RATE)] = True
    wanted = np.zeros(samples, bool)  # a step longer than the window leaves out what lies between
    for k in range(len(covered)):
        if (begin := round(k * step * SOUND_RATE)) >= samples:
            break
        wanted[begin : round((k * step + length) * SOUND_RATE)] = True
    assert (covered == wanted).all()


@given(samples=st.integers(1, 12 * SOUND_RATE), length=lengths, step=lengths)
def test_no_window_lies_within_the_last(samples, length, step):
    *others, last = windows(np.zeros(samples, np.float32), Windows(length, step))

    assert all(round(window.time.end * SOUND_RATE) < samples for window in others)
    assert round(last.time.end * SOUND_RATE) <= samples


def test_the_last_window_ends_with_the_sound():
    found = windows(tone(5.5), Windows(4.0, 1.0))

    assert [window.time for window in found] == [Interval(0, 4), Interval(1, 5), Interval(2, 5.5)]


@pytest.mark.parametrize(
    ("sound", "begins"),
    [
        pytest.param(silence(6), [], id="silence"),
        pytest.param(tone(3), [0, 1, 2], id="speech throughout"),
        pytest.param(np.concatenate([silence(3), tone(1), silence(3)]), [3], id="speech in one window"),
        pytest.param(speech(1, 1, pause=2), [0, 3], id="a pause between"),
        pytest.param(np.concatenate([silence(2.5), tone(1)]), [2, 3], id="speech across two windows"),
        pytest.param(
            np.concatenate([silence(1.9), tone(1.0), silence(2)]), [2], id="a margin in the window before"
        ),
    ],
)
def test_windows_in_which_nobody_speaks_are_left_out(sound, begins):
    found = windows(sound, Windows(1.0, 1.0, spoken=True))

    assert [window.time.begin for window in found] == begins


def test_windows_say_who_speaks_most_in_them_where_that_is_asked():
    engines = Engines(Settings(voice_activity="stub", voice="stub", diarizer="stub"))
    reading = Reading(
        Talk(sound=speech(2, 2, pause=1)), engines, None
    )  # from 0 to 2 one, from 3 to 5 another

    plain = Windows(2.0, 1.0, spoken=True).segments(reading)
    told = Windows(2.0, 1.0, spoken=True, speakers=True).segments(reading)

    assert {(piece.person, piece.speaker_confidence) for piece in plain} == {("unknown", None)}
    assert [(piece.time.begin, piece.person, piece.speaker_confidence) for piece in told] == [
        (0, "spk_0", pytest.approx(0.8)),
        (1, "spk_0", pytest.approx(0.8)),
        (2, "spk_1", pytest.approx(0.8)),
        (3, "spk_1", pytest.approx(0.8)),
    ]


def test_equal_windows_are_one_cut():
    assert Windows(4, 1) == Windows(4.0, 1.0)
    assert hash(Windows(4, 1)) == hash(Windows(4.0, 1.0))
    assert Windows(4, 1) != Windows(4, 1, spoken=True)
    assert Windows(4, 1, speakers=True) != Windows(4, 1)
