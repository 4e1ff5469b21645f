"""What several cuts need of a file is made once."""

import pytest

from mien.engines import Engines
from mien.errors import EngineMissing, NotTranscribed, UnsupportedLanguage
from mien.segments import Reading, TranscriptionOptions
from mien.segments.passages import Passages
from mien.types import Interval, Transcript, Word
from tests.media import Fake, Talk, Written, silence, speech


class Counted(Fake):
    """A recording that counts how often it is heard."""

    heard = 0

    def sound(self):
        type(self).heard += 1
        return super().sound()


def test_the_transcript_is_made_once_even_if_it_fails(engines):
    Counted.heard = 0
    reading = Reading(Counted(has_sound=True), engines, TranscriptionOptions())
    for _ in range(3):
        with pytest.raises(NotTranscribed):
            _ = reading.transcript

    assert Counted.heard == 2  # where somebody speaks, and what


@pytest.mark.parametrize(("threshold", "enough"), [(0.9, True), (0.91, False)])
def test_a_transcript_must_reach_the_threshold(engines, threshold, enough):
    options = TranscriptionOptions(confidence_threshold=threshold)
    reading = Reading(Talk(), engines, options)

    if enough:
        assert reading.transcript.confidence == 0.9
    else:
        with pytest.raises(NotTranscribed, match=r"confidence \(0\.9\) below threshold value \(0\.91\)"):
            _ = reading.transcript


def test_where_nobody_speaks_no_other_transcriber_is_advised(engines):
    with pytest.raises(NotTranscribed, match=r"below threshold value \(0\.5\)\. No speech was found in it$"):
        _ = Reading(Talk(sound=silence(2.0)), engines, TranscriptionOptions()).transcript


@pytest.mark.parametrize("options", [None, TranscriptionOptions(confidence_threshold=0.91)])
def test_no_option_is_named_that_one_way_of_asking_has_not(engines, options):
    with pytest.raises(NotTranscribed, match=r"transcription .*switched off") as told:
        _ = Reading(Talk(), engines, options).transcript

    assert "null" not in str(told.value)


def test_a_language_that_the_transcriber_does_not_know_is_said_at_once(settings):
    engines = Engines(settings.model_copy(update={"transcriber": "sphinx"}))

    with pytest.raises(EngineMissing, match="'de'"):
        _ = Reading(Talk(), engines, TranscriptionOptions(language="de")).transcript


def test_a_regional_tag_is_asked_of_its_language(settings):
    engines = Engines(settings.model_copy(update={"transcriber": "sphinx"}))
    reading = Reading(Talk(), engines, TranscriptionOptions(language="en-AU", confidence_threshold=0))

    assert reading.transcript.language == "en-AU"


@pytest.mark.parametrize("tag", ["xx", "EN", "en_US", ""])
def test_an_unknown_language_is_refused_with_those_known(tag):
    with pytest.raises(ValueError, match="pt-BR"):
        TranscriptionOptions(language=tag)


def test_turns_come_from_the_diarizer(engines):
    reading = Reading(Talk(sound=speech(1.0, 1.0)), engines, TranscriptionOptions())

    assert [turn.person for turn in reading.turns] == ["spk_0", "spk_1"]


class English:
    """Reads English alone."""

    label = "English alone"
    languages = frozenset({"en"})


class Detector:
    label = "detector"

    def __init__(self, tag, sure):
        self.told = tag, sure

    def language(self, text):
        self.shown = text
        return self.told


class Transcriber:
    """Is not sure of what is said."""

    label = "transcriber"
    languages = None

    def __init__(self, text, language):
        words = tuple(Word(text=word, time=Interval(0, 1), confidence=0.6) for word in text.split())
        self.heard = Transcript(words=words, confidence=0.6, language=language)

    def transcribe(self, stretches, language):
        return self.heard


def reading(settings, media, tag="de", sure=0.95, others="stub", **more):
    """A file whose language is told as said, where the reader of texts knows English."""
    engines = Engines(settings.model_copy(update={"multilingual_reader": others}))
    engines._loaded |= {"text_reader": English(), "language_detector": Detector(tag, sure), **more}
    return Reading(media, engines, TranscriptionOptions())


def by_english(reading):
    return isinstance(reading.reader, English)


@pytest.mark.parametrize(
    ("tag", "sure", "english"),
    [("en", 1.0, True), ("en-GB", 1.0, True), ("de", 0.89, True), ("de", 0.9, False), ("und", 0.0, True)],
)
def test_a_text_that_is_surely_in_another_language_is_read_by_the_reader_of_those(
    tag, sure, english, settings
):
    text = reading(settings, Written("Grüße!"), tag, sure)

    assert by_english(text) == english
    assert bool(text.warnings) == (tag == "de")


def test_reading_another_language_is_said_with_what_is_not_read(settings):
    text = reading(settings, Written("Grüße!"))
    for granularity in ("sentence", "word", "sentence"):
        list(Passages(granularity).segments(text))

    (warning,) = text.warnings
    assert "'de'" in warning
    assert "it means nothing" in warning


def test_without_a_reader_of_other_languages_they_are_refused_with_what_would_help(settings):
    text = reading(settings, Written("Grüße!"), others="auto")

    with pytest.raises(UnsupportedLanguage, match=r"'de', confidence 0\.95.*English alone.*models pull"):
        list(Passages("sentence").segments(text))


def test_the_language_of_speech_is_that_of_its_transcript(settings):
    talk = reading(settings, Talk(), "de", 1.0)  # the stub writes down English

    assert by_english(talk)


@pytest.mark.parametrize(("language", "english"), [("de", False), ("en", True), ("en-AU", True)])
def test_what_was_written_down_in_a_language_is_in_it_however_sure_its_words_are(language, english, settings):
    talk = reading(settings, Talk(), "fr", 1.0, transcriber=Transcriber("Das ist gut", language))

    assert by_english(talk) == english
    assert bool(talk.warnings) != english


@pytest.mark.parametrize(("tag", "english"), [("de", False), ("en", True)])
def test_the_language_of_speech_that_nobody_named_is_told_by_its_words(tag, english, settings):
    detector = Detector(tag, 0.95)
    transcriber = Transcriber("Das ist gut", None)

    talk = reading(settings, Talk(), transcriber=transcriber, language_detector=detector)

    assert by_english(talk) == english
    assert detector.shown == "Das ist gut"
