"""The Python front door."""

import io
import os
import threading
import zipfile
from pathlib import Path

import orjson
import pytest

import mien
from mien.errors import FetchFailed, MediaError, RequestError, UnsafeAddress
from mien.models import MODELS
from mien.wire.batch import result_json
from tests.media import picture, talk

UNREADABLE = Path("/proc/self/mem")
"""A file that is there, and whose first bytes nobody can read."""


def test_a_path_is_measured(tmp_path, settings):
    found = mien.measure(talk(tmp_path / "talk.wav"), models="prosody", settings=settings)

    assert found.source.filename == "talk.wav"
    (file,) = found.files
    assert list(file.models) == ["prosody"]
    assert file.models["prosody"].groups[0].predictions[0].emotions["Excitement"] > 0


@pytest.mark.parametrize("model", MODELS)
def test_what_a_model_says_has_a_public_type(model):
    """Else no type checker could be told which fields a prediction has."""
    kind = MODELS[model].prediction

    assert getattr(mien, kind.__name__) is kind
    assert kind.__name__ in mien.__all__


def test_bytes_are_measured_like_the_file(tmp_path, settings):
    path = talk(tmp_path / "talk.wav")

    of_path = mien.measure(path, models="prosody", settings=settings).to_dict()
    of_bytes = mien.measure(path.read_bytes(), models="prosody", settings=settings).to_dict()

    assert of_bytes["source"]["md5sum"] == of_path["source"]["md5sum"]
    models = [one["results"]["predictions"][0]["models"] for one in (of_path, of_bytes)]
    assert models[0] == models[1]


def test_texts_are_one_source_of_numbered_files(settings):
    found = mien.measure(text=["Good!", "Bad."], models=["language"], settings=settings).to_dict()

    assert found["source"] == {"type": "text"}
    assert [file["file"] for file in found["results"]["predictions"]] == ["0", "1"]


def test_bytes_that_are_no_utf_8_do_not_stop_a_text(settings):
    """Python hands on what the command line could not read as halves of surrogate pairs."""
    text = "Caf\udce9 is nice. \ud800 Hi!"

    found = mien.measure(text=text, models="language,ner", settings=settings).to_dict()

    ((file,), errors) = found["results"]["predictions"], found["results"]["errors"]
    words = file["models"]["language"]["grouped_predictions"][0]["predictions"]
    places = [(one["position"]["begin"], one["position"]["end"]) for one in words]
    assert [text[begin:end] for begin, end in places] == ["Caf", "is", "nice", "Hi"]
    assert errors == []
    orjson.dumps(found)


def test_the_files_of_an_archive_are_measured_each(tmp_path, settings):
    talk(tmp_path / "a.wav"), picture(tmp_path / "b.png")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.write(tmp_path / "a.wav", "in/a.wav")
        archive.write(tmp_path / "b.png", "in/b.png")
        archive.writestr("in/.DS_Store", b"\0\0\0\1Bud1")

    found = mien.measure(tmp_path / "both.zip", models="prosody,face", settings=settings)

    models = {file.file: list(file.models) for file in found.files}
    assert models == {"in/a.wav": ["prosody"], "in/b.png": ["face"], "in/.DS_Store": []}
    assert [error.message for error in found.errors] == ["unable to determine file type"]


def test_options_are_those_of_the_wire(tmp_path, settings):
    options = {"prosody": {"window": {"length": 1, "step": 0.5}}}

    found = mien.measure(talk(tmp_path / "talk.wav"), models=options, settings=settings)

    (group,) = found.files[0].models["prosody"].groups
    assert [piece.time.begin for piece in group.predictions] == [0, 0.5, 1]


def test_models_with_none_for_options_are_left_out_as_on_the_wire(settings):
    found = mien.measure(text="Good!", models={"ner": None, "language": {}}, settings=settings)

    assert list(found.files[0].models) == ["language"]


def test_to_dict_is_one_source_result_of_the_wire(tmp_path, settings):
    found = mien.measure(talk(tmp_path / "talk.wav"), settings=settings)

    assert found.to_dict() == result_json(found.source, found.files)
    assert set(found.to_dict()) == {"source", "results"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({}, "either a source or text", id="nothing"),
        pytest.param({"source": b"x", "text": "x"}, "either a source or text", id="both"),
        pytest.param({"text": "x", "models": "prosidy"}, "prosidy", id="no such model"),
        pytest.param(
            {"text": "x", "models": {"language": {"granularity": "phrase"}}}, "phrase", id="no such value"
        ),
        pytest.param(
            {"text": "x", "models": {"language": {"granularty": "sentence"}}},
            r"^models\.language has no option 'granularty'; it has granularity, sentiment,",
            id="no such option",
        ),
        pytest.param(
            {"text": "x", "models": {"prosody": {"window": {"width": 2}}}},
            r"^models\.prosody\.window has no option 'width'; it has length, step$",
            id="no such option of an option",
        ),
        pytest.param(
            {"text": "x", "models": {"language": {"toxicity": {"threshold": 1}}}},
            "it has none$",
            id="an option that has none",
        ),
        pytest.param(
            {"text": "x", "transcription": {"lang": "en"}},
            "transcription has no option 'lang'; it has language,",
            id="no such option of transcription",
        ),
        pytest.param({"text": "x", "models": {"ner": None}}, "leaves it out", id="all left out"),
        pytest.param({"text": "x", "models": {"nor": None}}, "there are ner, ", id="none left out"),
        pytest.param({"text": "x", "models": {"ner": True}}, "an object", id="options that are none"),
        pytest.param({"text": "x", "models": 1}, "'int'", id="models of another type"),
        pytest.param({"text": "x", "models": [["ner"]]}, "'list'", id="a model of another type"),
        pytest.param({"text": "x", "transcription": True}, "an object", id="transcription of another type"),
        pytest.param({"text": 1}, "'int'", id="a text of another type"),
        pytest.param({"text": b"x"}, "'bytes'", id="bytes for a text"),
        pytest.param({"text": ["x", 1]}, "'int'", id="one text of another type"),
        pytest.param({"source": bytearray(b"x")}, "'bytearray'", id="a bytearray"),
        pytest.param({"source": io.BytesIO(b"x")}, "'BytesIO'", id="an open file"),
    ],
)
def test_what_is_not_allowed_is_said(arguments, message, settings):
    with pytest.raises(RequestError, match=message):
        mien.measure(**arguments, settings=settings)


@pytest.mark.parametrize("settings", [{}, {"port": 1}], ids=["empty", "some"])
def test_settings_of_another_type_are_said(settings):
    with pytest.raises(RequestError, match=r"mien\.Settings, not 'dict'"):
        mien.measure(text="Good!", settings=settings)


def test_no_name_is_no_file(settings):
    with pytest.raises(MediaError, match="there is no file ''"):
        mien.measure("", settings=settings)


def test_a_missing_file_is_said(tmp_path, settings):
    with pytest.raises(MediaError, match=r"nowhere\.wav"):
        mien.measure(tmp_path / "nowhere.wav", settings=settings)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("", "is a folder; name the files in it", id="a folder"),
        pytest.param("happy " * 60, "no file has so long a name as .*a text is given as text=", id="a text"),
        pytest.param("a.wav/b.wav", "there is no file", id="below a file"),
        pytest.param("a\0.wav", "there is no file", id="no name"),
        pytest.param("loop.wav", "cannot be read: Too many levels of symbolic links", id="a link to itself"),
    ],
)
def test_what_is_no_file_is_said(source, message, tmp_path, settings):
    talk(tmp_path / "a.wav")
    (tmp_path / "loop.wav").symlink_to("loop.wav")

    with pytest.raises(MediaError, match=message):
        mien.measure(f"{tmp_path}/{source}", settings=settings)


@pytest.mark.parametrize("source", ["www.example.org/a.mp4", "ftp://example.org/a", "http:/example.org/a"])
def test_what_looks_like_an_address_is_told_how_these_begin(source, settings):
    with pytest.raises(MediaError, match="only addresses that begin with http:// or https://"):
        mien.measure(source, settings=settings)


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only some systems have such a file")
def test_a_file_that_cannot_be_read_is_said(settings):
    with pytest.raises(MediaError, match="cannot be read: Input/output error"):
        mien.measure(UNREADABLE, settings=settings)


def test_a_name_that_is_no_utf_8_can_be_written(tmp_path, settings):
    """Python hands on the bytes of such names as halves of surrogate pairs."""
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("Good!")

    found = mien.measure(path, models="language", settings=settings).to_dict()

    assert found["source"]["filename"] == found["results"]["predictions"][0]["file"] == "café.txt"
    orjson.dumps(found)


def test_what_can_be_read_only_once_is_measured_like_the_file(tmp_path, settings):
    path, pipe = talk(tmp_path / "talk.wav"), tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()

    of_pipe = mien.measure(pipe, models="prosody", settings=settings)

    writer.join()
    of_path = mien.measure(path, models="prosody", settings=settings)
    assert of_pipe.source.filename == "pipe"
    assert of_pipe.source.md5sum == of_path.source.md5sum
    assert list(of_pipe.files[0].models) == ["prosody"]


def test_a_private_address_is_not_fetched(settings):
    with pytest.raises((UnsafeAddress, FetchFailed)):
        mien.measure("http://127.0.0.1:9/talk.wav", settings=settings)
