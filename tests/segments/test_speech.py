"""Speech cut by words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.segments import Reading, TranscriptionOptions
from mien.segments.speech import PADDING, Spoken, attributed, grouped, joined, speaker_sureness
from mien.types import HEARD_STEP, Interval, Transcript, Turn, Word
from tests.media import Talk, silence, speech, tone


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


def test_a_sentence_does_not_end_at_an_abbreviation():
    text = "I met Dr. Smith of the U.S. Army at 5 p.m. on Jan. 3 in St. Louis. Then I left. 今日は。 はい"
    said = words(*((word, k / 2, k / 2 + 0.4, "unknown") for k, word in enumerate(text.split())))

    assert [joined(piece) for piece in grouped(said, "sentence")] == [
        "I met Dr. Smith of the U.S. Army at 5 p.m. on Jan. 3 in St. Louis.",
        "Then I left.",
        "今日は。",
        "はい",
    ]


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


def test_a_word_without_length_is_of_whoever_speaks_before_its_end():
    (word,) = attributed(
        words(("end", 3.0, 3.0, "unknown")), [Turn(time=Interval(1, 3), person="spk_0", confidence=0.9)]
    )

    assert word.person == "spk_0"


def test_a_turn_over_a_long_pause_is_heard_without_the_pause(engines):
    reading = Reading(
        Talk(sound=np.concatenate([tone(3), silence(20), tone(3)])), engines, TranscriptionOptions()
    )
    said = words(
        *((f"w{k}", k / 2, k / 2 + 0.4, "spk_0") for k in range(6)),
        *((f"w{k}", 23 + k / 2, 23.4 + k / 2, "spk_0") for k in range(6)),
    )
    reading.transcript = Transcript(words=tuple(said), confidence=1.0, language="en")
    reading.turns = [Turn(time=Interval(0, 26), person="spk_0", confidence=0.9)]

    (turn,) = Spoken("conversational_turn", speakers=True).segments(reading)

    assert turn.time.length > 20
    assert len(turn.heard) * HEARD_STEP == pytest.approx(6, abs=0.5)


def test_where_only_the_transcript_is_to_know_speakers_turns_end_with_them_and_nobody_is_named(engines):
    reading = Reading(Talk(sound=tone(6)), engines, TranscriptionOptions(identify_speakers=True))
    said = words(*((f"w{k}", k / 2, k / 2 + 0.4, "unknown") for k in range(12)))
    reading.transcript = Transcript(words=tuple(said), confidence=1.0, language="en")
    reading.turns = [
        Turn(time=Interval(0, 3), person="spk_0", confidence=0.9),
        Turn(time=Interval(3, 6), person="spk_1", confidence=0.9),
    ]

    found = list(Spoken("conversational_turn").segments(reading))

    assert [(one.person, one.speaker_confidence) for one in found] == [("unknown", None)] * 2
    assert not reading.warnings
