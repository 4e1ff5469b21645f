"""Predictions by person."""

from mien.grouping import grouped
from mien.types import Prediction


def test_groups_come_in_order_of_appearance_and_keep_the_order_within():
    persons = ["spk_1", "unknown", "spk_0", "spk_1"]

    groups = grouped([Prediction(person=person) for person in persons])

    assert [(group.id, len(group.predictions)) for group in groups] == [
        ("spk_1", 2),
        ("unknown", 1),
        ("spk_0", 1),
    ]


def test_nothing_found_is_no_group():
    assert grouped([]) == ()
