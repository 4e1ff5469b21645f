"""Texts cut into passages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.engines import Engines
from mien.engines.stub import Stub
from mien.errors import UnsupportedLanguage
from mien.segments import Reading, TranscriptionOptions
from mien.segments.passages import Passages
from mien.segments.sentences import LONGEST_SENTENCE
from mien.settings import Settings
from tests.media import Talk, Written, speech

GRANULARITIES = ["sentence", "utterance", "conversational_turn"]


@pytest.fixture(scope="module")
def engines():
    """Stubs; of the module, so that hypothesis may try many texts on them."""
    return Engines(Settings(text_reader="stub", language_detector="stub", **SPEECH))


SPEECH = dict.fromkeys(("voice_activity", "transcriber", "diarizer"), "stub")


def cut(text, granularity, engines):
    return passages(granularity, Reading(Written(text), engines, None))


def passages(granularity, reading):
    return list(Passages(granularity).segments(reading))


@given(text=st.text(), granularity=st.sampled_from(GRANULARITIES))
def test_a_position_counts_the_characters_of_its_text(text, granularity, engines):
    at = 0
    for passage in cut(text, granularity, engines):
        begin, end = passage.position.begin, passage.position.end
        assert text[begin:end] == passage.text
        assert begin >= at
        assert passage.text == passage.text.strip() != ""
        at = end


@given(text=st.text())
def test_the_words_of_a_sentence_lie_in_it_in_order(text, engines):
    for passage in cut(text, "sentence", engines):
        at = passage.position.begin
        for word in passage.words:
            assert text[word.position.begin : word.position.end] == word.text
            assert at <= word.position.begin < word.position.end <= passage.position.end
            at = word.position.end


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
def test_words_are_those_of_a_reader(text, words, engines):
    assert [word.text for passage in cut(text, "sentence", engines) for word in passage.words] == words


@given(words=st.integers(0, 3000))
def test_what_never_ends_is_cut_at_white_space(words, engines):
    text = "word " * words

    found = cut(text, "sentence", engines)

    assert max((len(passage.text) for passage in found), default=0) <= LONGEST_SENTENCE
    assert " ".join(passage.text for passage in found) == text.strip()


@pytest.mark.parametrize(
    ("phrase", "ends", "begins"),
    [
        ("I went to New York City ", {"I", "went", "City"}, {"I", "went", "to"}),
        ("we saw New York and then we slept near Mount Saint Helens ", {"York"}, {"and"}),
        ("near Johnson And Johnson, in Upper West Side ", {"Johnson,"}, {"in"}),
        ("New York City ", {"New", "York", "City"}, {"New", "York", "City"}),
        ("今天好，明天", {"，"}, {"明"}),
    ],
)
def test_what_never_ends_is_cut_where_it_hurts_least(phrase, ends, begins, engines):
    found = [one.text for one in cut(phrase * (2 * LONGEST_SENTENCE // len(phrase)), "sentence", engines)]
    spaced = " " in phrase

    assert len(found) > 1
    assert {one.split()[-1] if spaced else one[-1] for one in found[:-1]} <= ends
    assert {one.split()[0] if spaced else one[0] for one in found[1:]} <= begins


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith left. He slept.", ["Dr. Smith left.", "He slept."]),
        ("One!\r\nTwo?", ["One!", "Two?"]),
        ("😀 Hi. 😀 Ho.", ["😀 Hi.", "😀 Ho."]),
        ("你好。再见。", ["你好。", "再见。"]),
    ],
)
def test_sentences_are_those_of_a_reader(text, sentences, engines):
    assert [passage.text for passage in cut(text, "sentence", engines)] == sentences


def test_an_utterance_of_a_text_is_a_sentence_and_a_turn_is_all_of_it(engines):
    text = " Well. I see. "

    assert cut(text, "utterance", engines) == cut(text, "sentence", engines)
    assert [passage.text for passage in cut(text, "conversational_turn", engines)] == ["Well. I see."]


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_positions_of_speech_count_in_the_joined_transcript(granularity, engines):
    reading = Reading(Talk(sound=speech(2.0, 1.0)), engines, TranscriptionOptions())
    whole = " ".join(word.text for word in reading.transcript.words)

    found = passages(granularity, reading)

    assert " ".join(passage.text for passage in found) == whole
    for passage in found:
        assert whole[passage.position.begin : passage.position.end] == passage.text
        assert " ".join(word.text for word in passage.words) in ("", passage.text)
        for word in passage.words:
            assert whole[word.position.begin : word.position.end] == word.text
            assert passage.time.begin <= word.time.begin <= word.time.end <= passage.time.end
        assert passage.time is not None
        assert passage.confidence is not None


def test_a_text_in_another_language_is_refused_in_words_that_help(settings):
    class English(Stub):
        label = "a reader of English"
        languages = frozenset({"en"})

    engines = Engines(settings)
    engines._loaded["text_reader"] = English()

    with pytest.raises(UnsupportedLanguage, match=r"'de'.*a reader of English.*mien models pull"):
        cut("Spaß und Straße.", "sentence", engines)
    assert [passage.text for passage in cut("Fun and streets.", "sentence", engines)] == ["Fun and streets."]
