"""The fourth room: predictions by person."""

from collections.abc import Iterable

from mien.types import Group, Prediction


def grouped(predictions: Iterable[Prediction]) -> tuple[Group, ...]:
    """One group a person, persons in order of appearance, predictions in the order given."""
    persons: dict[str, list[Prediction]] = {}
    for prediction in predictions:
        persons.setdefault(prediction.person, []).append(prediction)
    return tuple(Group(person, tuple(theirs)) for person, theirs in persons.items())
