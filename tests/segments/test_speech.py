"""Speech cut by words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.segments import Reading, TranscriptionOptions
from mien.segments.speech import PADDING, Spoken, attributed, grouped, joined, speaker_sureness
from mien.types import HEARD_STEP, Interval, Turn, Word
from tests.media import Talk, speech


def words(*said):
    """(text, begin, end, person) each."""
    return [Word(text=t, time=Interval(b, e), confidence=0.9, person=p) for t, b, e, p in said]


SAID = words(
    ("Oh", 0.0, 0.3, "unknown"),
    ("no.", 0.4, 0.8, "unknown"),
    ("He", 0.9, 1.0, "unknown"),
    ("left", 2.0, 2.4, "unknown"),
    ("us", 5.0, 5.3, "unknown"),
)


@pytest.mark.parametrize(
    ("granularity", "texts"),
    [
        ("word", ["Oh", "no.", "He", "left", "us"]),
        ("sentence", ["Oh no.", "He", "left", "us"]),
        ("utterance", ["Oh no. He", "left", "us"]),
        ("conversational_turn", ["Oh no. He left", "us"]),
    ],
)
def test_pieces_end_where_their_granularity_says(granularity, texts):
    assert [joined(piece) for piece in grouped(SAID, granularity)] == texts


@pytest.mark.parametrize("granularity", ["sentence", "utterance", "conversational_turn"])
def test_no_piece_holds_two_speakers(granularity):
    said = words(("Yes", 0.0, 0.3, "spk_0"), ("no", 0.35, 0.6, "spk_1"), ("no", 9.0, 9.5, "spk_1"))

    pieces = [joined(piece) for piece in grouped(said, granularity)]

    assert pieces[0] == "Yes"
    if granularity == "conversational_turn":  # who goes on after a pause has not lost the turn
        assert pieces == ["Yes", "no no"]


@given(
    st.lists(st.tuples(st.text(min_size=1), st.floats(0, 3), st.floats(0, 2), st.sampled_from("ab"))),
    st.sampled_from(["word", "sentence", "utterance", "conversational_turn"]),
)
def test_pieces_joined_are_the_words_again(said, granularity):
    at, given_words = 0.0, []
    for text, pause, length, person in said:
        given_words += words((text, at + pause, at + pause + length, person))
        at += pause + length

    pieces = list(grouped(given_words, granularity))

    assert [word for piece in pieces for word in piece] == given_words
    assert all(pieces)


def test_a_word_is_spoken_by_whose_turn_covers_most_of_it():
    turns = [
        Turn(time=Interval(0, 1), person="spk_0", confidence=0.9),
        Turn(time=Interval(1, 2), person="spk_1", confidence=0.7),
    ]
    said = words(("a", 0.2, 0.5, "unknown"), ("b", 0.8, 1.6, "unknown"), ("c", 3.0, 3.2, "unknown"))

    found = list(attributed(said, turns))

    assert [word.person for word in found] == ["spk_0", "spk_1", "unknown"]
    assert [word.speaker_confidence for word in found] == [pytest.approx(0.9), pytest.approx(0.7), None]


def test_turns_are_cut_anew_from_words_wherever_the_speaker_changes():
    """No vote is taken over a long stretch: two words of an answer are a turn of their own."""
    turns = [
        Turn(time=Interval(0, 3), person="spk_0", confidence=0.9),
        Turn(time=Interval(3, 4), person="spk_1", confidence=0.8),
        Turn(time=Interval(4, 9), person="spk_0", confidence=0.7),
    ]
    said = words(*[(f"w{k}", k / 2, k / 2 + 0.4, "unknown") for k in range(18)])

    pieces = list(grouped(attributed(said, turns), "conversational_turn"))

    assert [(piece[0].person, len(piece)) for piece in pieces] == [("spk_0", 6), ("spk_1", 2), ("spk_0", 10)]
    assert [speaker_sureness(piece) for piece in pieces] == [pytest.approx(sure) for sure in (0.9, 0.8, 0.7)]


def test_the_parts_of_a_word_that_one_person_speaks_count_together():
    turns = [
        Turn(time=Interval(0, 0.2), person="spk_0", confidence=0.9),
        Turn(time=Interval(0.2, 0.45), person="spk_1", confidence=0.9),
        Turn(time=Interval(0.45, 1), person="spk_0", confidence=0.6),
    ]

    (word,) = attributed(words(("well", 0.05, 0.6, "unknown")), turns)

    assert word.person == "spk_0"
    assert word.speaker_confidence == pytest.approx(0.75)


def test_a_word_of_nobody_known_has_no_speaker_confidence():
    turns = [Turn(time=Interval(0, 1), person="unknown", confidence=0.9)]

    (word,) = attributed(words(("well", 0.1, 0.6, "unknown")), turns)

    assert (word.person, word.speaker_confidence) == ("unknown", None)


def test_pieces_are_padded_within_the_file(engines):
    reading = Reading(Talk(sound=speech(2.0, 2.0, pause=2.0)), engines, TranscriptionOptions())

    first, second = Spoken("utterance").segments(reading)

    assert (first.time.begin, second.time.end) == (0.0, 6.0)
    assert first.time.end == pytest.approx(2.0 + PADDING)
    assert second.time.begin == pytest.approx(4.0 - PADDING)
    assert len(second.heard) == pytest.approx(second.time.length / HEARD_STEP, abs=1)
