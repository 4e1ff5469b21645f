"""Measurements of every shape that formats must hold, as hypothesis strategies."""

from dataclasses import fields
from typing import get_args, get_type_hints

import numpy as np
from hypothesis import strategies as st

from mien import labels
from mien.formats.csv import SCORES
from mien.models import MODELS
from mien.types import (
    Box,
    FileMeasurement,
    FileSource,
    Group,
    Interval,
    Measured,
    Metadata,
    Prediction,
    Problem,
    Scores,
    TextSource,
    UrlSource,
)

WIRE_ORDER = {
    labels.EXPRESSIONS_CSV: labels.EXPRESSIONS,
    labels.SPOKEN_EXPRESSIONS_CSV: labels.SPOKEN_EXPRESSIONS,
}

words = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.floats(0, 20_000, allow_nan=False, width=32).map(float)


def scores(names: tuple[str, ...], seed: int = 0) -> Scores:
    return Scores(names, np.random.default_rng(seed).random(len(names), np.float32))


def intervals(number=numbers):
    return st.tuples(number, number).map(lambda ends: Interval(min(ends), max(ends)))


def predictions(model: str) -> st.SearchStrategy[Prediction]:
    kind = MODELS[model].prediction
    hints = get_type_hints(kind)
    return st.builds(
        kind,
        **{
            field.name: _values(field.name, hints[field.name], SCORES[kind])
            for field in fields(kind)
            if field.name not in ("person", "crop")
        },
    )


def _values(field, hint, names):
    types = get_args(hint) or (hint,)
    some = {
        int: st.integers(0, 10**6),
        float: numbers,
        str: words,
        Box: st.builds(Box, numbers, numbers, numbers, numbers),
        Interval: intervals(st.integers(0, 10**6) if field == "position" else numbers),
    }
    if Scores in types:
        wire = WIRE_ORDER.get(names[field], names[field])
        values = st.integers(0, 99).map(lambda seed: scores(tuple(wire), seed))
    else:
        values = some[types[0]]
    return st.none() | values if type(None) in types else values


def measured(model: str) -> st.SearchStrategy[Measured]:
    groups = st.builds(
        Group,
        st.sampled_from(["unknown", "face_0", "spk_1"]),
        st.lists(predictions(model), max_size=3).map(tuple),
    )
    metadata = st.builds(Metadata, confidence=numbers, detected_language=st.none() | st.just("en"))
    return st.builds(
        Measured,
        groups=st.lists(groups, max_size=2, unique_by=lambda group: group.id).map(tuple),
        metadata=st.none() | metadata,
    )


problems = st.lists(st.builds(Problem, file=words, message=words, model=st.none() | words), max_size=2).map(
    tuple
)

files = st.builds(
    FileMeasurement,
    file=words,
    file_type=st.none() | st.sampled_from(["audio", "video", "text"]),
    models=st.fixed_dictionaries({}, optional={name: measured(name) for name in MODELS}),
    errors=problems,
    warnings=problems,
)

sources = st.one_of(
    st.builds(UrlSource, st.just("https://example.org/") | words),
    st.builds(FileSource, filename=st.none() | words, content_type=st.none(), md5sum=words),
    st.just(TextSource()),
)
