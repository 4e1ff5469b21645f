import csv
import json
from dataclasses import dataclass
from io import BytesIO, StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien import labels
from mien.formats.csv import write, write_table
from mien.models import MODELS
from mien.models.face import FacePrediction
from mien.models.language import LanguagePrediction
from mien.models.prosody import ProsodyPrediction
from mien.types import Box, Group, Interval, Measured, Prediction, Scores
from mien.wire.batch import prediction_json
from tests.formats.examples import measured, scores

NOTHING = Measured(groups=())


def said(model: str, found: Measured) -> bytes:
    out = BytesIO()
    write(model, found, out)
    return out.getvalue()


def rows(model: str, found: Measured) -> list[list[str]]:
    return list(csv.reader(StringIO(said(model, found).decode(), newline="")))


def spoken(begin: float, text: str | None = None) -> ProsodyPrediction:
    return ProsodyPrediction(
        text=text,
        time=Interval(begin, begin + 1),
        confidence=None,
        speaker_confidence=None,
        emotions=scores(labels.EXPRESSIONS),
    )


@pytest.mark.parametrize("model", ["face", "prosody", "language"])
def test_columns_are_those_of_the_api(model, shared):
    columns = json.loads((shared / "contract" / "csv_columns.json").read_text())[model]

    assert rows(model, NOTHING) == [columns]


@pytest.mark.parametrize(
    ("model", "begin", "count"),
    [
        pytest.param("face", "Id,Frame,Time,Probability,FaceX0,FaceY0,FaceWidth,FaceHeight,Admiration,", 119),
        pytest.param("prosody", "Id,Text,BeginTime,EndTime,Confidence,SpeakerConfidence,Admiration,", 54),
        pytest.param("language", "Id,Text,BeginPosition,EndPosition,BeginTime,EndTime,Confidence,", 76),
        pytest.param("burst", "Id,BeginTime,EndTime,Admiration,", 118),
        pytest.param(
            "ner",
            "Id,Entity,EntityType,BeginPosition,EndPosition,EntityConfidence,Support,Uri,LinkWord,BeginTime,"
            "EndTime,Confidence,SpeakerConfidence,Admiration,",
            66,
        ),
        pytest.param("facemesh", "Id,Admiration,", 49),
    ],
)
def test_every_model_has_a_header_though_nothing_was_found(model, begin, count):
    (header,) = said(model, NOTHING).decode().splitlines()

    assert header.startswith(begin)
    assert len(header.split(",")) == count


@pytest.mark.parametrize("model", MODELS)
@given(st.data())
@settings(deadline=None, max_examples=20)
def test_every_number_of_the_wire_is_in_its_column(model, data):
    found = data.draw(measured(model))

    header, *table = rows(model, found)

    assert len(table) == sum(len(group.predictions) for group in found.groups)
    assert sorted(tuple(row) for row in table) == sorted(
        _wanted(header, group.id, prediction) for group in found.groups for prediction in group.predictions
    )


def test_rows_of_all_persons_are_interleaved_by_time():
    found = Measured(groups=(Group("spk_0", (spoken(0), spoken(4))), Group("spk_1", (spoken(2), spoken(6)))))

    assert [row[0] for row in rows("prosody", found)[1:]] == ["spk_0", "spk_1", "spk_0", "spk_1"]


def test_lines_end_as_windows_ends_them_and_only_what_must_be_is_quoted():
    found = Measured(groups=(Group("unknown", (spoken(0, 'so, "this"\nis'), spoken(1, "plain"))),))

    lines = said("prosody", found).split(b"\r\n")

    assert lines[1].startswith(b'unknown,"so, ""this""\nis",0,1,,,')
    assert lines[2].startswith(b"unknown,plain,1,2,,,")
    assert lines[3:] == [b""]


def test_face_has_all_its_columns_when_nothing_but_emotions_was_asked_for():
    face = FacePrediction(
        frame=10,
        time=0.333667,
        prob=0.999,
        box=Box(1.5, 2.0, 60.25, 70.0),
        emotions=scores(labels.EXPRESSIONS),
    )

    _, row = rows("face", Measured(groups=(Group("face_0", (face,)),)))

    assert row[:8] == ["face_0", "10", "0.333667", "0.999", "1.5", "2.0", "60.25", "70.0"]
    assert all(row[8:56])
    assert row[56:] == [""] * 63


def test_positions_are_whole_numbers():
    passage = LanguagePrediction(
        text="Hello",
        position=Interval(0, 5),
        time=None,
        confidence=None,
        speaker_confidence=None,
        emotions=scores(labels.SPOKEN_EXPRESSIONS),
    )

    _, row = rows("language", Measured(groups=(Group("unknown", (passage,)),)))

    assert row[:8] == ["unknown", "Hello", "0", "5", "", "", "", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaze(Prediction):
    """A model that nobody has told the table of."""

    time: Interval
    looks_at: str | None
    strength: float
    targets: Scores


def test_a_new_model_has_columns_from_its_fields():
    found = Measured(
        groups=(
            Group(
                "face_1",
                (Gaze(time=Interval(1, 2), looks_at=None, strength=0.5, targets=scores(("left", "right"))),),
            ),
        )
    )
    out = BytesIO()

    write_table(Gaze, found, out)

    header, row = csv.reader(StringIO(out.getvalue().decode(), newline=""))
    assert header == ["Id", "BeginTime", "EndTime", "LooksAt", "Strength", "left", "right"]
    assert row[:5] == ["face_1", "1", "2", "", "0.5"]


def _wanted(header: list[str], person: str, prediction: Prediction) -> tuple[str, ...]:
    """The row, by way of the wire: what is called differently there is told apart by its field."""
    cells: dict[str, object] = {"Id": person}
    for field, value in prediction_json(prediction).items():
        name = {"prob": "Probability"}.get(field) or field.title().replace("_", "")
        match value:
            case {"begin": begin, "end": end}:
                cells |= {f"Begin{name}": begin, f"End{name}": end}
            case {"x": x, "y": y, "w": w, "h": h}:
                cells |= {"FaceX0": x, "FaceY0": y, "FaceWidth": w, "FaceHeight": h}
            case [*items]:
                cells |= {item["name"]: item["score"] for item in items}
            case _:
                cells[name] = value
    return tuple("" if cells.get(name) is None else str(cells[name]) for name in header)
