import json

import numpy as np
import orjson
import pytest
from pydantic import ValidationError

from mien import labels
from mien.errors import RequestError
from mien.models import MODELS
from mien.models.crops import Crops
from mien.models.face import FacePrediction
from mien.models.language import LanguagePrediction
from mien.models.prosody import WindowOptions
from mien.types import (
    Box,
    FileMeasurement,
    FileSource,
    Group,
    Interval,
    Measured,
    Metadata,
    Problem,
    Scores,
    TextSource,
    UrlSource,
)
from mien.wire.batch import (
    Completed,
    Failed,
    InProgress,
    Queued,
    Request,
    file_json,
    job_json,
    loads,
    prediction_json,
    result_json,
    source_json,
)

ID = "3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d"


def flat(names: tuple[str, ...], score: float = 0.25) -> Scores:
    return Scores(names, np.full(len(names), score, np.float32))


def face(**fields) -> FacePrediction:
    given = {"frame": 0, "time": 0.0, "prob": 1.0, "box": Box(1.5, 2, 44.5, 57), **fields}
    return FacePrediction(emotions=flat(labels.EXPRESSIONS), **given)


# ── requests


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({}, id="not named"),
        pytest.param({"models": None}, id="null"),
        pytest.param({"models": {}}, id="empty"),
        pytest.param({"models": {"face": None}}, id="nothing but nulls"),
    ],
)
def test_all_models_run_when_none_is_named(asked):
    assert list(Request.model_validate(asked).chosen()) == list(MODELS)


def test_exactly_the_named_models_run():
    request = Request.model_validate({"models": {"ner": None, "prosody": {}, "language": {"sentiment": {}}}})

    assert list(request.chosen()) == ["prosody", "language"]


def test_transcription_is_off_only_when_it_is_null():
    assert Request.model_validate({}).transcription is not None
    assert Request.model_validate({"transcription": {}}).transcription is not None
    assert Request.model_validate({"transcription": None}).transcription is None


def test_what_old_clients_were_not_told_they_send_as_null():
    request = Request.model_validate(
        {
            "urls": None,
            "text": None,
            "registry_files": None,
            "notify": None,
            "callback_url": None,
            "models": {"face": {"fps_pred": None, "facs": None}, "prosody": {"window": {"step": None}}},
            "transcription": {"language": None, "confidence_threshold": None},
        }
    )

    assert request.urls == request.text == ()
    assert request.notify is False
    assert request.chosen()["face"] == MODELS["face"].options()
    assert request.chosen()["prosody"].window == WindowOptions()
    assert request.transcription.confidence_threshold == 0.5


def test_unknown_fields_are_let_pass():
    Request.model_validate(
        {"colour": 1, "models": {"language": {"language": "en", "use_existing_partition": 1}}}
    )


def test_an_unknown_model_is_refused_rather_than_all_measured():
    with pytest.raises(ValidationError, match="there is no model 'prosodi'; there are face, burst"):
        Request.model_validate({"models": {"prosodi": {}}})


def test_a_request_survives_being_stored():
    asked = {
        "models": {"face": {"facs": {}, "fps_pred": 0}, "prosody": {"window": {"length": 2}}},
        "transcription": None,
        "text": ["é\u2028"],
    }
    request = Request.model_validate(asked)

    assert Request.model_validate_json(request.model_dump_json()) == request


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(b"[],", id="lists"),
        pytest.param(b'{"\\"":[]},', id="objects"),
        pytest.param(b'"",', id="strings"),
        pytest.param(b"[[[0]]],", id="lists in lists"),
    ],
)
def test_json_of_endless_values_is_refused_before_it_is_read(values):
    with pytest.raises(RequestError, match="more than 1,000,000 values"):
        loads(b"[" + values * 1_000_000 + b"[]]")


@pytest.mark.parametrize("mark", [",", "[[{{", "\\", "\\,", ', " [,', '\\"[,'])
def test_a_long_text_is_one_value_whatever_is_in_it(mark):
    text = mark * 1_000_001

    assert loads(json.dumps([text])) == [text]
    assert loads(json.dumps([text]).encode()) == [text]


# ── jobs


def test_the_echo_of_a_job_is_fully_populated():
    source = FileSource(filename="a.wav", content_type=None, md5sum="0" * 32)
    request = Request.model_validate({"notify": True, "callback_url": "https://example.org"})

    made = job_json(ID, request, [UrlSource("https://example.org"), source], Queued(1))

    assert made == {
        "type": "INFERENCE",
        "job_id": ID,
        "request": {
            "models": {
                "face": {
                    "fps_pred": 3,
                    "prob_threshold": 0.99,
                    "identify_faces": False,
                    "min_face_size": 60,
                    "facs": None,
                    "descriptions": None,
                    "save_faces": False,
                },
                "burst": {},
                "prosody": {"granularity": "utterance", "window": None, "identify_speakers": False},
                "language": {
                    "granularity": "word",
                    "sentiment": None,
                    "toxicity": None,
                    "identify_speakers": False,
                },
                "ner": {"identify_speakers": False},
                "facemesh": {},
            },
            "transcription": {"language": None, "identify_speakers": False, "confidence_threshold": 0.5},
            "urls": [],
            "text": [],
            "files": [{"filename": "a.wav", "content_type": None, "md5sum": "0" * 32}],
            "callback_url": "https://example.org",
            "notify": True,
            "registry_files": [],
        },
        "state": {"status": "QUEUED", "created_timestamp_ms": 1},
    }


@pytest.mark.parametrize("sent", [None, ["3f2b3c1e"], [7], "x"])
def test_files_of_a_registry_are_let_pass_and_not_echoed(sent):
    request = Request.model_validate({"text": ["a"], "registry_files": sent})

    assert job_json(ID, request, [], Queued(1))["request"]["registry_files"] == []


def test_only_the_models_asked_for_are_echoed():
    request = Request.model_validate(
        {"models": {"face": {"facs": {}}, "prosody": {"window": {"length": 2}}}, "transcription": None}
    )

    echo = job_json(ID, request, [], Queued(1))["request"]

    assert list(echo["models"]) == ["face", "prosody"]
    assert echo["models"]["face"]["facs"] == {}
    assert echo["models"]["prosody"]["window"] == {"length": 2, "step": 1}
    assert echo["transcription"] is None


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (Queued(1), {"status": "QUEUED", "created_timestamp_ms": 1}),
        (InProgress(1, 2), {"status": "IN_PROGRESS", "created_timestamp_ms": 1, "started_timestamp_ms": 2}),
        (
            Completed(1, 2, 3, 4, 5),
            {
                "status": "COMPLETED",
                "created_timestamp_ms": 1,
                "started_timestamp_ms": 2,
                "ended_timestamp_ms": 3,
                "num_predictions": 4,
                "num_errors": 5,
            },
        ),
        (
            Failed(1, 2, 3, "cancelled"),
            {
                "status": "FAILED",
                "created_timestamp_ms": 1,
                "started_timestamp_ms": 2,
                "ended_timestamp_ms": 3,
                "message": "cancelled",
            },
        ),
    ],
)
def test_states_say_no_more_and_no_less_than_the_api(state, said):
    assert job_json(ID, Request(), [], state)["state"] == said


# ── predictions


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (UrlSource("https://example.org/a.wav"), {"type": "url", "url": "https://example.org/a.wav"}),
        (
            FileSource(filename=None, content_type="application/zip", md5sum="f"),
            {"type": "file", "filename": None, "content_type": "application/zip", "md5sum": "f"},
        ),
        (TextSource(), {"type": "text"}),
    ],
)
def test_sources(source, said):
    assert source_json(source) == said


def test_a_face_has_a_box_and_says_null_for_what_was_not_asked():
    said = prediction_json(face())

    assert list(said) == ["frame", "time", "prob", "box", "emotions", "facs", "descriptions"]
    assert said["box"] == {"x": 1.5, "y": 2, "w": 44.5, "h": 57}
    assert said["facs"] is said["descriptions"] is None


def test_emotions_come_in_the_batch_order_and_not_that_of_csv():
    names = [emotion["name"] for emotion in prediction_json(face())["emotions"]]

    assert names == list(labels.EXPRESSIONS)
    assert names != list(labels.EXPRESSIONS_CSV)
    assert sorted(names) == sorted(labels.EXPRESSIONS_CSV)


def test_a_saved_face_is_no_part_of_the_wire():
    assert "crop" not in prediction_json(face(crop=Crops().keep(b"picture")))


def test_scores_above_one_stay_above_one():
    prediction = FacePrediction(
        frame=0, time=0.0, prob=1.0, box=Box(0, 0, 1, 1), emotions=flat(labels.EXPRESSIONS, 1.03)
    )

    assert {emotion["score"] for emotion in prediction_json(prediction)["emotions"]} == {1.03}


def test_numbers_are_short():
    prediction = face(time=1 / 3, prob=0.99999999)

    written = orjson.dumps(prediction_json(prediction))

    assert b'"time":0.333333,"prob":1.0' in written


def test_what_counts_is_a_whole_number():
    passage = LanguagePrediction(
        text="Hello",
        position=Interval(9, 33),
        time=Interval(0.5, 1.0),
        confidence=0.5,
        speaker_confidence=None,
        emotions=flat(labels.SPOKEN_EXPRESSIONS),
    )

    assert b'"position":{"begin":9,"end":33}' in orjson.dumps(prediction_json(passage))
    assert b'"frame":0,' in orjson.dumps(prediction_json(face()))
    echo = json.dumps(job_json(ID, Request(), [], Queued(5)))
    assert '"min_face_size": 60,' in echo
    assert '"created_timestamp_ms": 5}' in echo


def test_a_file_without_faces_is_still_told_of():
    file = FileMeasurement(file="wall.png", file_type="image", models={"face": Measured(groups=())})

    assert file_json(file) == {
        "file": "wall.png",
        "file_type": "image",
        "models": {"face": {"metadata": None, "grouped_predictions": []}},
    }


def test_metadata_tells_what_the_transcript_was_worth():
    measured = Measured(
        groups=(Group("spk_0", (face(),)),), metadata=Metadata(confidence=0.9, detected_language=None)
    )

    said = file_json(FileMeasurement(file="a", file_type="audio", models={"prosody": measured}))

    assert said["models"]["prosody"]["metadata"] == {"confidence": 0.9, "detected_language": None}
    assert said["models"]["prosody"]["grouped_predictions"][0]["id"] == "spk_0"


def test_files_that_could_not_be_read_are_errors_beside_the_others():
    bad = Problem(file="Angry/.DS_Store", message="unable to determine file type")

    said = result_json(
        UrlSource("https://example.org/faces.zip"),
        [
            FileMeasurement(file="Angry/.DS_Store", file_type=None, errors=(bad,)),
            FileMeasurement(file="Angry/1.png", file_type="image"),
        ],
    )

    assert said["results"] == {
        "predictions": [{"file": "Angry/1.png", "file_type": "image", "models": {}}],
        "errors": [{"file": "Angry/.DS_Store", "model": None, "message": "unable to determine file type"}],
    }
