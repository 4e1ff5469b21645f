"""Words by whisper: the real loading code, on a tiny model in the real format."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from mien.engines import Engines
from mien.engines.whisper import _whole
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.types import Interval, Speech
from mien.weights import COMPLETE
from tests.engines.tiny_whisper import write
from tests.media import tone


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a tiny whisper that always says the same."""
    home = tmp_path_factory.mktemp("home")
    folder = write(home / "weights" / "whisper-tiny", " Hello there.", language="de")
    (folder / COMPLETE).touch()
    return home


@pytest.fixture(scope="module")
def whisper(home):
    return Engines(Settings(home=home, transcriber="whisper")).transcriber


def made(home, *text, **how):
    """The engine with a tiny whisper that says what it is told to."""
    folder = write(home / "weights" / "whisper-tiny", *text, **how)
    (folder / COMPLETE).touch()
    return Engines(Settings(home=home, transcriber="whisper")).transcriber


def test_words_come_with_times_within_their_stretch(whisper):
    stretches = [Speech(time=Interval(b, b + 3), sound=tone(3)) for b in (5.0, 20.0)]

    transcript = whisper.transcribe(stretches, None)

    assert [word.text for word in transcript.words][:2] == ["Hello", "there."]
    for word in transcript.words:
        assert any(s.time.begin <= word.time.begin <= word.time.end <= s.time.end for s in stretches)


def test_the_language_is_detected_or_as_asked(whisper):
    stretch = Speech(time=Interval(0, 3), sound=tone(3))

    assert whisper.transcribe([stretch], None).language == "de"
    assert whisper.transcribe([stretch], "de").language == "de"


def test_a_regional_language_is_asked_for_as_its_base(tmp_path):
    whisper = made(tmp_path, language="pt")
    stretch = Speech(time=Interval(0, 3), sound=tone(3))

    transcript = whisper.transcribe([stretch], "pt-BR")

    assert transcript.language == "pt-BR"
    assert transcript.words


def test_norwegian_is_one_language(tmp_path):
    whisper = made(tmp_path, language="nn")
    stretch = Speech(time=Interval(0, 3), sound=tone(3))

    assert whisper.transcribe([stretch], None).language == "no"
    assert whisper.transcribe([stretch], "no").words


def test_where_another_language_is_spoken_than_was_asked_for_nothing_is_made_up(whisper):
    stretch = Speech(time=Interval(0, 3), sound=tone(3))

    transcript = whisper.transcribe([stretch], "fr")

    assert transcript.words == ()
    assert transcript.confidence < 0.01


class Ears:
    """Those of a model, which hears French where it begins loud, and German elsewhere."""

    def __init__(self, model):
        self._model = model

    def __getattr__(self, name):
        return getattr(self._model, name)

    def detect_language(self, sound, **_):
        heard = "fr" if np.abs(sound[:1000]).max() > 0.5 else "de"
        return heard, 0.999, [(heard, 0.999)]


@pytest.mark.parametrize(
    ("levels", "asked", "understood"),
    [
        pytest.param((0.2, 0.9, 0.9), "de", True, id="first"),
        pytest.param((0.9, 0.2, 0.9), "de", True, id="second"),
        pytest.param((0.9, 0.9, 0.2), "de", True, id="third"),
        pytest.param((0.9, 0.9, 0.9), "de", False, id="never"),
        pytest.param((0.9, 0.2, 0.2), "es", False, id="another"),
    ],
)
def test_a_language_that_was_asked_for_is_believed_whoever_speaks_first(levels, asked, understood, tmp_path):
    whisper = made(tmp_path, language=asked)
    whisper._model = Ears(whisper._model)
    stretches = [
        Speech(time=Interval(30 * k, 30 * k + 25), sound=tone(25, level)) for k, level in enumerate(levels)
    ]

    assert bool(whisper.transcribe(stretches, asked).words) == understood


def test_what_it_is_sure_of_is_believed(whisper):
    stretch = Speech(time=Interval(0, 3), sound=tone(3))

    assert whisper.transcribe([stretch], "de").confidence > 0.7


def test_silence_is_no_words(tmp_path):
    whisper = made(tmp_path, " Thank you.", sureness=2.0, silence=30.0)

    assert whisper.transcribe([Speech(time=Interval(0, 3), sound=tone(3, 0.0))], "en").words == ()


def test_no_stretches_are_no_words(whisper):
    assert whisper.transcribe([], None).words == ()


def test_without_a_pulled_model_it_is_missing(tmp_path):
    with pytest.raises(EngineMissing, match="models pull"):
        assert Engines(Settings(home=tmp_path, transcriber="whisper")).transcriber


def test_a_damaged_model_breaks_the_engine(tmp_path):
    folder = tmp_path / "weights" / "whisper-tiny"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"no model")
    (folder / COMPLETE).touch()

    with pytest.raises(EngineError, match="models check"):
        assert Engines(Settings(home=tmp_path, transcriber="whisper")).transcriber


@pytest.mark.parametrize(
    ("code", "pieces", "words"),
    [
        ("en", [" A", " well", "-known", " 3", ".5", " %", "."], ["A", "well-known", "3.5", "%."]),
        ("fr", [" J", "'ai", " vu", " l", "'eau"], ["J'ai", "vu", "l'eau"]),
        ("zh", ["今天", "天气"], ["今天", "天气"]),
    ],
)
def test_words_are_put_together_again_that_whisper_hears_in_pieces(code, pieces, words):
    said = [SimpleNamespace(word=w, start=k, end=k + 1, probability=0.5) for k, w in enumerate(pieces)]

    found = list(_whole(said, code))

    assert [word.text for word in found] == words
    assert found[0].time.begin == 0
    assert found[-1].time.end == len(pieces)
    assert all(one.time.end == other.time.begin for one, other in pairwise(found))
    assert {word.confidence for word in found} == {0.5}
