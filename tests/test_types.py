"""Values refuse what they cannot be."""

import numpy as np
import pytest

from mien.errors import EngineError
from mien.types import Group, Interval, Scores

NAMES = ("Joy", "Anger", "Awe")


@pytest.mark.parametrize(("begin", "end"), [(2.0, 1.0), (float("nan"), 1.0), (0.0, float("nan"))])
def test_an_interval_does_not_run_backwards(begin, end):
    with pytest.raises(ValueError, match="backwards"):
        Interval(begin, end)


def test_what_a_notebook_shows_is_short():
    assert repr(Interval(0.013999999999999985, 3.2740000000000005)) == "Interval(begin=0.014, end=3.274)"
    assert repr(Group("spk_0", (object(),) * 3)) == "<Group 'spk_0' of 3 predictions>"


@pytest.mark.parametrize(
    "values", [[0.1, 0.2], [0.1, 0.2, float("nan")], [0.1, 0.2, float("inf")]], ids=["too few", "nan", "inf"]
)
def test_scores_are_one_number_a_name(values):
    with pytest.raises(EngineError):
        Scores(NAMES, np.array(values, np.float32))


def test_scores_are_found_by_name_and_by_rank():
    scores = Scores(NAMES, np.array([0.25, 0.5, 0.5], np.float32))

    assert scores["Joy"] == 0.25
    assert scores.top(2) == [("Anger", 0.5), ("Awe", 0.5)]
    assert dict(scores) == {"Joy": 0.25, "Anger": 0.5, "Awe": 0.5}
    with pytest.raises(KeyError):
        scores["Envy"]


def test_scores_are_shown_with_their_figures():
    assert repr(Scores(NAMES, np.array([0.25, 0.5, 0.5], np.float32))) == (
        "<3 scores: 'Anger': 0.500, 'Awe': 0.500, 'Joy': 0.250>"
    )
    assert repr(Scores((*NAMES, "Envy"), np.array([0.25, 0.5, 0.5, 0], np.float32))).endswith("0.250, …>")
