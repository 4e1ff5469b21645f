"""The walk."""

from dataclasses import replace

import numpy as np
import pytest

from mien.engines import Engines
from mien.engines.stub import Stub
from mien.errors import BrokenMedia, EngineError, EngineMissing
from mien.measure import BATCH, PASSAGES, Wish, measure, measure_path, measure_together
from mien.models import MODELS
from mien.segments import TranscriptionOptions
from mien.types import SOUND_RATE
from mien.wire.batch import file_json
from tests.media import Fake, Film, Meshed, Picture, Talk, Written, grey, speech, talk

USUAL = TranscriptionOptions()


def wish(*names, transcription=USUAL, **options):
    """These models with these options; without names, all of them."""
    asked = {name: MODELS[name].options(**options.get(name, {})) for name in names or MODELS}
    return Wish(models=asked, transcription=transcription)


def pieces(found, model):
    return [piece for group in found.models[model].groups for piece in group.predictions]


@pytest.mark.parametrize(
    ("media", "models"),
    [
        pytest.param(Talk(), ["burst", "prosody", "language", "ner"], id="a recording"),
        pytest.param(Film(128, 128), ["face"], id="a silent film"),
        pytest.param(
            Film(128, sound=speech(1)), ["face", "burst", "prosody", "language", "ner"], id="a film"
        ),
        pytest.param(Picture(), ["face"], id="a picture"),
        pytest.param(Written("Good!"), ["language", "ner"], id="a text"),
        pytest.param(Meshed(), ["facemesh"], id="landmarks"),
    ],
)
def test_a_model_that_has_nothing_to_look_at_is_left_out(media, models, engines):
    found = measure(media, wish(), engines)

    assert list(found.models) == models
    assert found.errors == ()


def test_every_score_of_every_model_has_its_names(engines):
    film = Film(*[200] * 3, sound=speech(1), fps=1)
    options = {
        "face": {"facs": {}, "descriptions": {}, "min_face_size": 10},
        "language": {"sentiment": {}, "toxicity": {}},
    }

    found = measure(film, wish(**options), engines)

    (face,) = pieces(found, "face")[:1]
    assert [len(face.emotions), len(face.facs), len(face.descriptions)] == [48, 36, 27]
    (burst,) = pieces(found, "burst")[:1]
    assert [len(burst.emotions), len(burst.descriptions)] == [48, 67]
    (word,) = pieces(found, "language")[:1]
    assert [len(word.emotions), len(word.sentiment), len(word.toxicity)] == [53, 9, 6]
    assert len(pieces(found, "prosody")[0].emotions) == 48


def test_models_that_want_the_same_cut_share_one_pass(engines):
    passes = []

    class Counted(Fake):
        def sound(self):
            passes.append(1)
            return super().sound()

    media = Counted(name="a", has_sound=True, samples=speech(2.0))
    once = {"language": {"granularity": "sentence"}}

    measure(media, wish("language", "ner", **once), engines)
    both = len(passes)
    passes.clear()
    measure(media, wish("language", **once), engines)

    assert both == len(passes)


def test_a_model_without_an_engine_answers_with_an_error_and_the_others_go_on(settings):
    engines = Engines(settings.model_copy(update={"voice": ""}))

    found = measure(Talk(), wish("burst", "language"), engines)

    (error,) = found.errors
    assert error.model == "burst"
    assert "no engine" in error.message
    assert list(found.models) == ["language"]


def test_what_was_not_understood_is_an_error_of_those_who_need_words(engines):
    silent = Talk(sound=np.zeros(SOUND_RATE, np.float32))

    found = measure(silent, wish("burst", "prosody", "language"), engines)

    assert list(found.models) == ["burst"]
    assert [error.model for error in found.errors] == ["prosody", "language"]
    expected = "unable to transcribe file: transcript confidence (0.0) below threshold value (0.5)"
    assert all(error.message.startswith(expected) for error in found.errors)


def test_without_transcription_prosody_is_measured_in_windows_and_language_says_why_not(engines):
    found = measure(Talk(3.0), wish("prosody", "language", transcription=None), engines)

    (piece,) = pieces(found, "prosody")
    assert (piece.text, piece.confidence, piece.time.begin, piece.time.end) == (None, None, 0.0, 3.0)
    assert found.models["prosody"].metadata is None
    (error,) = found.errors
    assert error.model == "language"
    assert "transcription" in error.message


def test_the_transcript_vouches_for_what_rests_on_it(engines):
    found = measure(Talk(), wish("prosody", "burst"), engines)

    assert found.models["prosody"].metadata.detected_language == "en"
    assert found.models["burst"].metadata is None


def test_speakers_form_groups_in_order_of_appearance(engines):
    media = Talk(sound=speech(1.0, 1.0, 1.0))

    found = measure(media, wish("prosody", prosody={"identify_speakers": True}), engines)

    assert [group.id for group in found.models["prosody"].groups] == ["spk_0", "spk_1"]
    assert all(piece.speaker_confidence == pytest.approx(0.8) for piece in pieces(found, "prosody"))


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"prosody": {"identify_speakers": True}, "transcription": None}, id="no words"),
        pytest.param(
            {"prosody": {"identify_speakers": True, "window": {"length": 1, "step": 1}}}, id="windows"
        ),
    ],
)
def test_speakers_form_groups_of_windows_too(engines, asked):
    media = Talk(sound=speech(4.0, 4.0, pause=4.0))

    found = measure(media, wish("prosody", **asked), engines)

    assert [group.id for group in found.models["prosody"].groups] == ["spk_0", "spk_1"]
    assert all(piece.speaker_confidence == pytest.approx(0.8) for piece in pieces(found, "prosody"))


def test_speakers_that_nobody_can_tell_apart_stay_unknown_with_a_warning(settings):
    engines = Engines(settings.model_copy(update={"diarizer": ""}))

    found = measure(Talk(), wish("prosody", prosody={"identify_speakers": True}), engines)

    assert [group.id for group in found.models["prosody"].groups] == ["unknown"]
    assert ["speakers were not identified" in warning.message for warning in found.warnings] == [True]
    assert found.errors == ()


def test_turns_without_speakers_are_cut_at_pauses_and_say_so(engines):
    media = Talk(sound=speech(1.0, 1.0, pause=3.0))

    found = measure(media, wish("prosody", prosody={"granularity": "conversational_turn"}), engines)

    assert len(pieces(found, "prosody")) == 2
    assert any("cut at pauses" in warning.message for warning in found.warnings)


def test_media_that_break_while_they_are_read_are_an_error_of_those_who_read(engines):
    class Breaking(Fake):
        def sound(self):
            yield self.samples
            raise BrokenMedia

    media = Breaking(name="a", file_type="video", fps=1, has_frames=True, has_sound=True, samples=speech(1.0))

    found = measure(media, wish("face", "prosody"), engines)

    assert list(found.models) == ["face"]
    assert [error.model for error in found.errors] == ["prosody"]


def test_of_what_is_large_little_is_given_at_once(engines):
    given = []

    class Finder(Stub):
        def find(self, images):
            given.append(len(images))
            return [[] for _ in images]

    engines._loaded["face_finder"] = Finder()
    image = np.broadcast_to(np.uint8(0), (4000, 4000, 3))  # 48 MB, and takes nothing

    measure(
        Fake(file_type="video_no_audio", fps=1, has_frames=True, images=(image,) * 5), wish("face"), engines
    )

    assert given == [2, 2, 1]


def test_what_a_model_was_refused_for_first_is_what_it_says(engines):
    class Breaking(Fake):
        def frames(self, wanted):
            yield from super().frames(wanted)
            raise BrokenMedia

    class Missing(Stub):
        def find(self, images):
            raise EngineMissing("out for lunch")

    engines._loaded["face_finder"] = Missing()
    images = (grey(200),) * (BATCH + 1)

    found = measure(
        Breaking(file_type="video_no_audio", fps=1, has_frames=True, images=images), wish("face"), engines
    )

    assert [error.message for error in found.errors] == ["out for lunch"]


def test_a_file_is_read_no_further_once_an_engine_broke(engines):
    reading = []

    class Watched(Fake):
        def frames(self, wanted):
            reading.append(self)
            try:
                yield from super().frames(wanted)
            finally:
                reading.pop()

    class Broken(Stub):
        def read(self, faces):
            raise EngineError

    engines._loaded["face_reader"] = Broken()
    media = Watched(file_type="video_no_audio", fps=1, has_frames=True, images=(grey(200),) * 100)

    with pytest.raises(EngineError) as broken:
        measure(media, wish("face", face={"min_face_size": 10}), engines)

    assert broken.tb  # which holds what was under way
    assert reading == []


class Reader(Stub):
    """Reads English, and remembers how many passages it was given at once."""

    label = "a reader of English"
    languages = frozenset({"en"})

    def __init__(self):
        self.given = []

    def read_texts(self, passages):
        self.given.append(len(passages))
        return super().read_texts(passages)


@pytest.fixture
def reader(engines):
    engines._loaded["text_reader"] = reader = Reader()
    return reader


def texts(*strings):
    return [Written(text, name=str(i)) for i, text in enumerate(strings)]


def test_short_texts_are_read_together_and_once_for_all_models(engines, reader):
    found = measure_together(texts(*["Good day!"] * 100), wish("language", "ner"), engines)

    assert reader.given == [100]
    assert [file.file for file in found] == [str(i) for i in range(100)]
    assert all([piece.text for piece in pieces(file, "language")] == ["Good", "day"] for file in found)
    assert all([piece.entity for piece in pieces(file, "ner")] == ["Good"] for file in found)


def test_utterances_of_a_text_are_sentences_and_read_once_for_all_models(engines, reader):
    asked = wish("language", "ner", language={"granularity": "utterance"})

    (found,) = measure_together(texts("Good! Bad."), asked, engines)

    assert reader.given == [2]
    assert [piece.text for piece in pieces(found, "language")] == ["Good!", "Bad."]
    assert [piece.entity for piece in pieces(found, "ner")] == ["Good!", "Bad."]


def test_no_more_is_read_at_once_than_an_engine_likes(engines, reader):
    long = "One more. " * 700

    (found, _) = measure_together(texts(long, "Good!"), wish("ner"), engines)

    assert reader.given == [PASSAGES, PASSAGES, 701 - 2 * PASSAGES]
    assert len(pieces(found, "ner")) == 700


def test_a_text_in_another_language_is_an_error_of_its_own(engines, reader):
    strings = ["Good!"] * 100
    strings[37] = "Spaß!"

    found = measure_together(texts(*strings), wish("language", "ner"), engines)

    assert [file.file for file in found if file.errors] == ["37"]
    assert [(error.file, error.model) for error in found[37].errors] == [("37", "language"), ("37", "ner")]
    assert dict(found[37].models) == {}
    assert reader.given == [99]


def test_files_together_are_as_each_by_itself(engines):
    medias = [Talk(), *texts("Good! Bad."), Picture(200), Film(200, 200, sound=speech(1)), *texts("", "No!")]
    all_of_it = wish(face={"min_face_size": 10}, prosody={"identify_speakers": True})

    together = measure_together(medias, all_of_it, engines)

    assert [file_json(file) for file in together] == [
        file_json(measure(media, all_of_it, engines)) for media in medias
    ]


def test_scores_that_are_no_numbers_are_never_served(engines):
    class Broken(Stub):
        def prosody(self, pieces):
            return np.full((len(pieces), 48), np.nan, np.float32)

    engines._loaded["voice"] = Broken()

    with pytest.raises(EngineError, match="not a number"):
        measure(Talk(), wish("prosody"), engines)


def test_a_model_that_failed_is_asked_no_further(engines):
    asked = []

    class Missing(Stub):
        def prosody(self, pieces):
            asked.append(len(pieces))
            raise EngineMissing

    engines._loaded["voice"] = Missing()

    found = measure(Talk(40.0), wish("prosody", "ner", prosody={"window": {}}), engines)

    assert [error.model for error in found.errors] == ["prosody"]
    assert list(found.models) == ["ner"]
    assert asked == [BATCH]


def test_what_a_reader_of_texts_does_not_read_is_null_rather_than_zero(engines):
    class NotToxic(Stub):
        def read_texts(self, passages):
            read = super().read_texts(passages)
            return [replace(one, scores=one.scores._replace(toxicity=None)) for one in read]

    engines._loaded["text_reader"] = NotToxic()

    found = measure(Written("Good!"), wish("language", language={"toxicity": {}, "sentiment": {}}), engines)

    (word,) = pieces(found, "language")
    assert word.toxicity is None
    assert len(word.sentiment) == 9


def test_a_file_that_cannot_be_opened_is_an_error_of_its_own(tmp_path, settings, engines):
    (tmp_path / "a.wav").write_bytes(b"\0" * 100)

    found = measure_path(tmp_path / "a.wav", "in/a.wav", wish(), engines, settings)

    assert (found.file, found.file_type, dict(found.models)) == ("in/a.wav", None, {})
    (error,) = found.errors
    assert (error.file, error.model) == ("in/a.wav", None)


def test_the_reading_can_be_followed(tmp_path, settings, engines):
    names = []

    def through(media):
        names.append(media.name)
        return media

    measure_path(talk(tmp_path / "a.wav"), "a.wav", wish("prosody"), engines, settings, through)

    assert names == ["a.wav"]
