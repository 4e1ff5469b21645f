"""Pieces of a sound that streams past."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.segments.slices import slices
from mien.types import SOUND_RATE, Interval

times = st.floats(0, 5, allow_nan=False)
intervals = st.lists(st.tuples(times, times).map(sorted), max_size=8).map(sorted)
lengths = st.lists(st.integers(0, 2 * SOUND_RATE), max_size=6)


def numbered(*chunks: int):
    """Chunks of so many samples, each sample its own number."""
    whole = np.arange(sum(chunks), dtype=np.float32)
    return whole, np.split(whole, np.cumsum(chunks)[:-1]) if chunks else []


@given(lengths, intervals)
@example([SOUND_RATE], [[0.0, 1.0]])
@example([SOUND_RATE], [[1.0, 1.0], [1.0, 2.0]])
@example([0, 1, 0], [[0.0, 5.0], [0.0, 5.0]])
def test_pieces_are_those_of_the_whole_sound(chunks, wanted):
    whole, chunked = numbered(*chunks)

    pieces = list(slices(chunked, [Interval(*interval) for interval in wanted]))

    expected = [whole[round(b * SOUND_RATE) : round(e * SOUND_RATE)] for b, e in wanted]
    expected = [piece for piece in expected if len(piece)]
    assert [piece.tolist() for _, piece in pieces] == [piece.tolist() for piece in expected]


@given(lengths, intervals)
def test_times_are_those_of_the_pieces(chunks, wanted):
    whole, chunked = numbered(*chunks)

    for time, piece in slices(chunked, [Interval(*interval) for interval in wanted]):
        assert round(time.begin * SOUND_RATE) == piece[0]
        assert round(time.end * SOUND_RATE) == piece[-1] + 1
        assert time.end * SOUND_RATE <= len(whole) + 0.5


def test_an_interval_that_passes_the_end_is_cut_short():
    _, chunked = numbered(SOUND_RATE)

    ((time, piece),) = slices(chunked, [Interval(0.5, 2.0)])

    assert time == Interval(0.5, 1.0)
    assert len(piece) == SOUND_RATE // 2


def test_no_more_is_asked_for_once_the_sound_has_ended():
    def endless():
        for second in range(1_000_000):
            asked.append(second)
            yield Interval(second, second + 1)

    asked = []
    _, chunked = numbered(SOUND_RATE, SOUND_RATE)

    assert len(list(slices(chunked, endless()))) == 2
    assert len(asked) == 3


def test_no_more_sound_is_read_than_is_asked_for():
    def endless():
        while True:
            read.append(1)
            yield np.zeros(SOUND_RATE, np.float32)

    read = []

    assert len(list(slices(endless(), [Interval(0, 1), Interval(2.5, 3.5)]))) == 2
    assert len(read) == 4


@pytest.mark.parametrize("gap", [pytest.param(0, id="close together"), pytest.param(200, id="far apart")])
def test_only_the_sound_since_the_latest_interval_is_held(gap):
    chunks = (np.zeros(SOUND_RATE, np.float32) for _ in range(1000))
    wanted = (Interval(k * (gap + 1), k * (gap + 1) + 1) for k in range(4))

    for _, piece in slices(chunks, wanted):
        held = piece if piece.base is None else piece.base
        assert len(held) <= 3 * SOUND_RATE


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        pytest.param(Interval(1.0, 3.5), [Interval(3.0, 3.5)], id="its end is still held"),
        pytest.param(Interval(1.0, 2.0), [], id="nothing of it is held"),
    ],
)
def test_an_interval_out_of_order_is_never_answered_with_the_sound_of_another(late, expected):
    whole, chunked = numbered(*[SOUND_RATE] * 5)

    pieces = list(slices(chunked, [Interval(3.0, 4.0), late]))[1:]

    assert [time for time, _ in pieces] == expected
    for time, piece in pieces:
        begin, end = round(time.begin * SOUND_RATE), round(time.end * SOUND_RATE)
        assert piece.tolist() == whole[begin:end].tolist()
