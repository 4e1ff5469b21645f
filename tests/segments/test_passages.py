"""Texts cut into passages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.segments import Reading, TranscriptionOptions
from mien.segments.passages import Passages
from tests.media import Talk, Written, speech

GRANULARITIES = ["word", "sentence", "utterance", "conversational_turn"]


def cut(text, granularity):
    return list(Passages(granularity).segments(Reading(Written(text), None, None)))


@given(st.text(), st.sampled_from(GRANULARITIES))
def test_a_position_counts_the_characters_of_its_text(text, granularity):
    at = 0
    for passage in cut(text, granularity):
        begin, end = passage.position.begin, passage.position.end
        assert text[begin:end] == passage.text
        assert begin >= at
        assert passage.text == passage.text.strip() != ""
        at = end


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mary had a little lamb,", ["Mary", "had", "a", "little", "lamb"]),
        ("don't — it’s 3.5!", ["don't", "it’s", "3.5"]),
        ("👩‍👩‍👧 ok 🇩🇪", ["👩‍👩‍👧", "ok", "🇩🇪"]),
        ("Cafe\u0301 nai\u0308ve", ["Cafe\u0301", "nai\u0308ve"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("今天好", ["今", "天", "好"]),
        ("one\r\ntwo", ["one", "two"]),
        (" \n\t ", []),
    ],
)
def test_words_are_those_of_a_reader(text, words):
    assert [passage.text for passage in cut(text, "word")] == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith left. He slept.", ["Dr. Smith left.", "He slept."]),
        ("One!\r\nTwo?", ["One!", "Two?"]),
        ("😀 Hi. 😀 Ho.", ["😀 Hi.", "😀 Ho."]),
        ("你好。再见。", ["你好。", "再见。"]),
    ],
)
def test_sentences_are_those_of_a_reader(text, sentences):
    assert [passage.text for passage in cut(text, "sentence")] == sentences


def test_an_utterance_of_a_text_is_a_sentence_and_a_turn_is_all_of_it():
    text = " Well. I see. "

    assert cut(text, "utterance") == cut(text, "sentence")
    assert [passage.text for passage in cut(text, "conversational_turn")] == ["Well. I see."]


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_positions_of_speech_count_in_the_joined_transcript(granularity, engines):
    reading = Reading(Talk(sound=speech(2.0, 1.0)), engines, TranscriptionOptions())
    whole = " ".join(word.text for word in reading.transcript.words)

    passages = list(Passages(granularity).segments(reading))

    assert " ".join(passage.text for passage in passages) == whole
    for passage in passages:
        assert whole[passage.position.begin : passage.position.end] == passage.text
        assert passage.time is not None
        assert passage.confidence is not None
