"""What is shown of a file."""

import io

import numpy as np
import pytest
from rich.console import Console

from mien.cli.table import shown
from mien.labels import EXPRESSIONS
from mien.models.face import FacePrediction
from mien.models.ner import NerPrediction
from mien.models.prosody import ProsodyPrediction
from mien.types import Box, FileMeasurement, Group, Interval, Measured, Metadata, Problem, Scores


def scores(**values):
    array = np.zeros(48, np.float32)
    for name, value in values.items():
        array[EXPRESSIONS.index(name)] = value
    return Scores(EXPRESSIONS, array)


def said(begin, text=None, person="unknown", **values):
    return ProsodyPrediction(
        person=person,
        text=text,
        time=Interval(begin, begin + 1),
        confidence=None,
        speaker_confidence=None,
        emotions=scores(**values),
    )


def printed(measured, rows=0, name="prosody", errors=()):
    out = io.StringIO()
    file = FileMeasurement(file="a.wav", file_type="audio", models={name: measured}, errors=errors)
    shown(file, file.file, Console(file=out, width=80), rows)
    return out.getvalue()


def test_pieces_of_all_persons_come_in_order_of_time_with_their_highest_scores():
    groups = (
        Group("spk_0", (said(3661.5, "late", Joy=0.5),)),
        Group("spk_1", (said(1, "early", Anger=1.04, Joy=0.25),)),
    )

    lines = printed(Measured(groups=groups, metadata=Metadata(confidence=0.9, detected_language="en")))

    assert lines.index("early") < lines.index("late")
    assert "1:01:01.5–1:01:02.5" in lines
    assert "Anger 1.04  Joy .25" in lines
    assert "transcript en, confidence 0.90" in lines


def test_no_minute_has_sixty_seconds():
    assert "1:00.0–" in printed(Measured(groups=(Group("unknown", (said(59.97),)),)))


def test_a_sentence_is_shown_whole_and_only_the_begin_of_a_speech():
    sentence = "they said yes the whole team stayed until midnight and everything worked"
    pieces = (said(0, sentence), said(1, "on and " * 60 + "on"))

    table = printed(Measured(groups=(Group("unknown", pieces),)))

    assert all(word in table for word in sentence.split())
    assert 10 < table.count("on and") < 20
    assert "…" in table


@pytest.mark.parametrize(("rows", "left"), [(0, 0), (5, 0), (2, 3)])
def test_what_is_left_out_is_said(rows, left):
    lines = printed(Measured(groups=(Group("unknown", tuple(said(i) for i in range(5))),)), rows)

    assert ("more pieces" in lines) is bool(left)
    if left:
        assert f"{left} more pieces" in lines


def test_the_mean_is_that_of_all_pieces_not_of_those_shown():
    pieces = (said(0, Joy=0.2), said(1, Joy=0.4), said(2, Joy=0.9))

    assert "Joy .50" in printed(Measured(groups=(Group("unknown", pieces),)), rows=1)


def test_a_face_stands_at_its_time():
    face = FacePrediction(frame=30, time=65.0, prob=1.0, box=Box(0, 0, 9, 9), emotions=scores(Joy=0.5))

    assert "1:05.0" in printed(Measured(groups=(Group("face_0", (face,)),)), name="face")


def face(frame, x):
    return FacePrediction(
        frame=frame, time=frame / 30, prob=1.0, box=Box(x, 20.4, 99.7, 120), emotions=scores(Joy=0.5)
    )


def test_faces_of_one_picture_are_told_apart_and_have_no_mean():
    lines = printed(Measured(groups=(Group("unknown", (face(0, 10), face(0, 200))),)), name="face")

    assert "10,20 100×120" in lines
    assert "200,20 100×120" in lines
    assert "mean" not in lines


def test_the_face_of_each_frame_needs_no_place_and_has_a_mean():
    lines = printed(Measured(groups=(Group("unknown", (face(0, 10), face(30, 10))),)), name="face")

    assert "100×120" not in lines
    assert "mean" in lines


def test_a_name_stands_with_its_kind():
    leeds = NerPrediction(
        entity="Leeds",
        entity_type="LOCATION",
        position=Interval(3, 8),
        entity_confidence=0.9,
        link_word="Leeds",
        time=None,
        confidence=None,
        speaker_confidence=None,
        emotions=scores(Joy=0.5),
    )

    assert "Leeds (location)" in printed(Measured(groups=(Group("unknown", (leeds,)),)), name="ner")


def test_nothing_found_and_what_went_wrong_are_said():
    problem = Problem(file="a.wav", message="[bold]no engine", model="burst")

    lines = printed(Measured(groups=()), errors=(problem,))

    assert "nothing found" in lines
    assert "burst: [bold]no engine" in lines


def test_what_ends_several_models_is_said_once():
    errors = [Problem(file="a.wav", model=model, message="nobody speaks") for model in ("prosody", "ner")]
    errors.append(Problem(file="a.wav", model="face", message="nobody is seen"))

    text = printed(Measured(groups=()), errors=errors)

    assert "  prosody, ner: nobody speaks\n  face: nobody is seen\n" in text
