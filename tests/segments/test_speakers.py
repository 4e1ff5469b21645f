"""Who speaks in a piece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.segments.speakers import Share, shares, speaker
from mien.types import UNKNOWN, Interval, Turn


def turns(*said):
    """(person, begin, end, confidence) each."""
    return [Turn(time=Interval(b, e), person=person, confidence=sure) for person, b, e, sure in said]


TALK = turns(
    ("spk_0", 0, 2, 1.0),
    ("spk_1", 2, 3, 0.9),
    (UNKNOWN, 3, 4, 0.6),
    ("spk_0", 4, 5, 0.8),
    ("spk_2", 9, 12, 0.7),
)


@pytest.mark.parametrize(
    ("begin", "end", "person", "sure"),
    [
        pytest.param(0, 2, "spk_0", 1.0, id="alone"),
        pytest.param(0, 3, "spk_0", 2 / 3, id="most of it"),
        pytest.param(0.5, 5, "spk_0", 2.3 / 4.5, id="in several turns"),
        pytest.param(1.5, 2.5, UNKNOWN, None, id="as much as another"),
        pytest.param(1.6, 3, "spk_1", 0.9 / 1.4, id="less of it in doubt than not"),
        pytest.param(3, 4, UNKNOWN, None, id="of nobody known"),
        pytest.param(2.5, 3.5, UNKNOWN, None, id="half of it of nobody known"),
        pytest.param(5, 9, UNKNOWN, None, id="in a pause"),
        pytest.param(6, 10, "spk_2", 0.7, id="pauses do not count"),
        pytest.param(20, 24, UNKNOWN, None, id="after all"),
    ],
)
def test_a_piece_is_of_whoever_says_most_in_it(begin, end, person, sure):
    assert speaker(Interval(begin, end), TALK) == (person, sure and pytest.approx(sure))


def test_without_turns_nobody_speaks():
    assert speaker(Interval(0, 4), []) == (UNKNOWN, None)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(0, 2), st.floats(0, 2), st.floats(0, 1)), max_size=12
    ),
    st.floats(0, 20),
    st.floats(0, 20),
)
def test_shares_are_what_turns_and_piece_have_in_common(said, begin, length):
    at, talk = 0.0, []
    for person, pause, lasts, sure in said:
        talk += turns((person, at + pause, at + pause + lasts, sure))
        at += pause + lasts
    piece = Interval(begin, begin + length)

    found = shares(piece, talk)

    for person in "abc":
        common = [
            (max(0.0, min(turn.time.end, piece.end) - max(turn.time.begin, piece.begin)), turn.confidence)
            for turn in talk
            if turn.person == person
        ]
        share = found.get(person, Share(0.0, 0.0))
        assert share.seconds == pytest.approx(sum(seconds for seconds, _ in common))
        assert share.sure == pytest.approx(sum(seconds * sure for seconds, sure in common))
