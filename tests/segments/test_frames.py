"""Which frames of a film are looked at."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.segments import Reading
from mien.segments.frames import Frames
from tests.media import Film, Picture, Talk

NTSC = float(Fraction(30000, 1001))


def indices(media, fps, engines=None):
    return [frame.index for frame in Frames(fps=fps).segments(Reading(media, engines, None))]


@pytest.mark.parametrize(
    ("native", "fps", "expected"),
    [
        pytest.param(25.0, 3, [0, 8, 17, 25, 33], id="25 a second"),
        pytest.param(30.0, 3, [0, 10, 20, 30], id="30 a second"),
        pytest.param(NTSC, 3, [0, 10, 20, 30], id="29.97 a second"),
        pytest.param(30.0, 0, list(range(40)), id="zero means all"),
        pytest.param(3.0, 3, list(range(40)), id="as many as there are"),
        pytest.param(2.0, 3, list(range(40)), id="no more than there are"),
        pytest.param(30.0, 0.5, [0], id="one in two seconds"),
    ],
)
def test_frames_are_picked_as_the_retired_api_did(native, fps, expected):
    assert indices(Film(*[0] * 40, fps=native), fps) == expected


def test_a_long_film_drifts_as_the_retired_api_did():
    picked = indices(Film(*[0] * 510, fps=NTSC), 3)

    assert picked[23:26] == [230, 240, 250]
    assert picked[-3:] == [490, 500, 509]


def test_the_time_of_a_frame_is_its_number_over_the_rate():
    frames = Frames(fps=3).segments(Reading(Film(*[0] * 40, fps=NTSC), None, None))

    assert [frame.time for frame in frames] == [0.0, 10 / NTSC, 20 / NTSC, 30 / NTSC]


def test_a_picture_is_its_only_frame():
    (frame,) = Frames(fps=3).segments(Reading(Picture(7), None, None))

    assert (frame.index, frame.time, frame.image.max()) == (0, 0.0, 7)


def test_sound_has_no_frames():
    assert indices(Talk(), 3) == []


@given(
    native=st.floats(1, 120, allow_nan=False),
    fps=st.floats(0, 200, allow_nan=False),
    count=st.integers(0, 60),
)
def test_frames_are_picked_once_in_order_from_the_first_and_evenly(native, fps, count):
    picked = indices(Film(*[0] * count, fps=native), fps)

    assert picked == sorted(set(picked))
    assert picked[:1] == [0][:count]
    ideal = 1.0 if fps == 0 else max(1.0, native / fps)
    assert all(abs((b - a) - ideal) <= 1 for a, b in pairwise(picked))
    assert count - (picked[-1] if picked else 0) <= ideal + 1
