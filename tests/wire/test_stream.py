"""The stream's own words: codes, warnings and orders."""

import json

import numpy as np
import orjson
import pytest

from mien import errors, labels
from mien.errors import MienError
from mien.models.face import FacePrediction
from mien.models.prosody import ProsodyPrediction
from mien.types import Box, FileMeasurement, Group, Interval, Measured, Scores
from mien.wire.stream import CODES, STREAMED, WARNINGS, code_of, measured_json, read_json


def kinds(kind=MienError):
    return [kind, *(found for kin in kind.__subclasses__() for found in kinds(kin))]


def test_every_error_has_a_code():
    assert {code_of(kind)[0] for kind in kinds() if kind.__module__ == errors.__name__} == {"E", "I"}


def test_codes_and_warnings_are_those_of_the_api(shared):
    told = json.loads((shared / "contract" / "stream_errors.json").read_text())

    assert {code for code in CODES.values() if code.startswith("E")} <= {
        one["code"] for one in told["errors"]
    }
    for one in told["warnings"]:
        assert WARNINGS[one["model"]][0] == one["code"]
        assert one.get("text") in {None, WARNINGS[one["model"]][1]}


def test_expressions_come_in_the_order_of_the_stream(shared):
    orders = json.loads((shared / "contract" / "emotions_48.json").read_text())
    row = Scores(labels.EXPRESSIONS, np.arange(48, dtype=np.float32) / 100)

    (item,) = items(row)

    assert {score["name"]: score["score"] for score in item["emotions"]} == pytest.approx(dict(row))
    assert [score["name"] for score in item["emotions"]] in orders.values()
    assert [score["name"] for score in item["emotions"]] != list(labels.EXPRESSIONS)


@pytest.mark.parametrize("score", [0.0, 1.0, 1.2345, 0.00004, 0.99996, -0.5, 123.456])
def test_scores_are_numbers_of_four_digits_and_not_clamped(score):
    (item,) = items(Scores(("Joy",), np.array([score], np.float32)))

    assert item["emotions"] == [{"name": "Joy", "score": pytest.approx(score, abs=0.00006)}]


def items(scores):
    prediction = ProsodyPrediction(
        text=None, time=Interval(0, 1), confidence=None, speaker_confidence=None, emotions=scores
    )
    group = Group("unknown", (prediction,))
    found = FileMeasurement(file="x", file_type="audio", models={"prosody": Measured(groups=(group,))})
    return json.loads(orjson.dumps(measured_json(found)))["prosody"]["predictions"]


def test_faces_come_by_frame_whosever_they_are():
    def face(frame):
        scores = Scores(labels.EXPRESSIONS, np.zeros(48, np.float32))
        return FacePrediction(frame=frame, time=0.0, prob=1.0, box=Box(0, 0, 9, 9), emotions=scores)

    groups = (Group("face_0", (face(0), face(2))), Group("face_1", (face(1), face(2))))
    found = FileMeasurement(file="x", file_type="video", models={"face": Measured(groups=groups)})

    told = json.loads(orjson.dumps(measured_json(found)))["face"]["predictions"]

    assert [one["frame"] for one in told] == [0, 1, 2, 2]


def test_every_model_of_the_stream_can_warn():
    assert set(WARNINGS) == set(STREAMED)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(r"\ud83d", "\ufffd", id="the first half"),
        pytest.param(r"\uDE00", "\ufffd", id="the second half"),
        pytest.param(r"\ude00\ud83d", "\ufffd\ufffd", id="the wrong way round"),
        pytest.param(r"\ud83d\ud83d\ude00", "\ufffd😀", id="half of one before another"),
        pytest.param(r"\ud83d\n\u00e9", "\ufffd\né", id="before other escapes"),
        pytest.param(r"\ud83d \\ud83d", "\ufffd \\ud83d", id="and an escaped \\"),
        pytest.param(r"\\\ud83d", "\\\ufffd", id="after an escaped \\"),
    ],
)
def test_half_a_pair_of_surrogates_is_a_sign_that_stands_for_what_is_lost(written, read):
    message = f'{{"data": "{written}", "payload_id": "x"}}'

    assert read_json(message) == {"data": read, "payload_id": "x"}
