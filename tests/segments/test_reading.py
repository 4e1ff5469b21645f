"""What several cuts need of a file is made once."""

import pytest

from mien.engines import Engines
from mien.errors import EngineMissing, NotTranscribed
from mien.segments import Reading, TranscriptionOptions
from tests.media import Fake, Talk, speech


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
