"""Predictions as a table: one row a prediction, one column a number or a name.

The columns follow from the fields of the model's predictions, the scores in the order that the CSV
files of the API have. The rows of all persons are interleaved by time.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any, BinaryIO, get_args, get_type_hints

from mien import labels
from mien.models import MODELS
from mien.models.burst import BurstPrediction
from mien.models.face import FacePrediction
from mien.models.facemesh import FaceMeshPrediction
from mien.models.language import LanguagePrediction
from mien.models.ner import NerPrediction
from mien.models.prosody import ProsodyPrediction
from mien.types import Box, Interval, Measured, Prediction, Scores
from mien.wire.batch import short, short_scores, wire_fields

SCORES: Mapping[type[Prediction], Mapping[str, Sequence[str]]] = {
    FacePrediction: {
        "emotions": labels.EXPRESSIONS_CSV,
        "facs": labels.FACS,
        "descriptions": labels.FACE_DESCRIPTIONS,
    },
    BurstPrediction: {"emotions": labels.EXPRESSIONS_CSV, "descriptions": labels.BURST_DESCRIPTIONS},
    ProsodyPrediction: {"emotions": labels.EXPRESSIONS_CSV},
    LanguagePrediction: {
        "emotions": labels.SPOKEN_EXPRESSIONS_CSV,
        "sentiment": labels.SENTIMENT,
        "toxicity": labels.TOXICITY,
    },
    NerPrediction: {"emotions": labels.SPOKEN_EXPRESSIONS_CSV},
    FaceMeshPrediction: {"emotions": labels.EXPRESSIONS_CSV},
}
"""The columns of scores: all of them, also where a job did not ask for some.

A kind of prediction that is not listed has the names of the first scores found.
"""

HEADS = {"prob": "Probability"}
"""Columns that are not called like their field."""

BOX = ("FaceX0", "FaceY0", "FaceWidth", "FaceHeight")

NOTHING = Measured(groups=())


def write(model: str, measured: Measured, out: BinaryIO) -> None:
    """Write what a model says of a file: UTF-8, CRLF, quotes where needed, an empty cell for null.

    There is always a header.
    """
    write_table(MODELS[model].prediction, measured, out)


def write_table(kind: type[Prediction], measured: Measured, out: BinaryIO) -> None:
    """Write predictions of one kind."""
    all_columns = columns(kind, measured)
    text = TextIOWrapper(out, encoding="utf-8", newline="")
    table = csv.writer(text)
    table.writerow(["Id", *(head for column in all_columns for head in column.heads)])
    for person, prediction in _in_order(measured):
        cells = (column.cells(getattr(prediction, column.field)) for column in all_columns)
        table.writerow([person, *(cell for some in cells for cell in some)])
    text.detach()  # whoever opened the file closes it


@dataclass(frozen=True, slots=True)
class Column:
    """What becomes of a field: a head for each part of it."""

    field: str
    heads: Sequence[str]

    def cells(self, value: object) -> Sequence[object]:
        """One cell a head."""
        match value:
            case None:
                return [None] * len(self.heads)
            case Interval(begin, end):
                return [short(begin), short(end)]
            case Box(x, y, w, h):
                return [short(x), short(y), short(w), short(h)]
            case Scores():
                scores = dict(zip(value.names, short_scores(value), strict=True))
                return [scores.get(name) for name in self.heads]
            case float():
                return [short(value)]
            case _:
                return [value]


def columns(kind: type[Prediction], measured: Measured = NOTHING) -> list[Column]:
    """The columns of a table after `Id`, which says whom a row is about."""
    hints = get_type_hints(kind)
    return [_column(name, hints[name], measured, kind) for name in wire_fields(kind)]


def _column(field: str, hint: Any, measured: Measured, kind: type[Prediction]) -> Column:
    types = get_args(hint) or (hint,)
    name = HEADS.get(field) or "".join(part.capitalize() for part in field.split("_"))
    if Scores in types:
        return Column(field, SCORES.get(kind, {}).get(field) or _first_names(measured, field))
    if Interval in types:
        return Column(field, [f"Begin{name}", f"End{name}"])
    if Box in types:
        return Column(field, BOX)
    return Column(field, [name])


def _first_names(measured: Measured, field: str) -> Sequence[str]:
    for group in measured.groups:
        for prediction in group.predictions:
            if (scores := getattr(prediction, field)) is not None:
                names: Sequence[str] = scores.names
                return names
    return []


def _in_order(measured: Measured) -> list[tuple[str, Prediction]]:
    rows = [(group.id, prediction) for group in measured.groups for prediction in group.predictions]
    return sorted(rows, key=lambda row: _when(row[1]))


def _when(prediction: Prediction) -> float:
    """What rows are sorted by: the frame, the time, or where it is in the text."""
    for name in ("frame", "time", "position"):
        value: float | Interval | None = getattr(prediction, name, None)
        if value is not None:
            return value.begin if isinstance(value, Interval) else value
    return 0.0
