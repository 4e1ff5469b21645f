"""What else people say of a piece whose main expression is known.

    python -m training.semantics.shares --data DATA

From texts and faces rated on the same names (`DATA/ratings`) comes, for each main expression k, the
expected share of raters who say each of the 48 names. A network that knows how likely each k is then
gives the expected shares by the law of total expectation: score_j = Σ_k P(k) · shares[k, j].
Run as a program it prints, by cross-validation, how well the names that no network is trained on are
told from those that one is.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.labels import EXPRESSIONS
from training.voice.data import EMODB, EMOGATOR

PLAIN = 0.3
"""A text none of whose names reaches this share is taken for neutral, and no piece is mainly of a lower one."""

NEUTRAL_VOTES = 7
"""A face is taken for neutral when so many of FER+'s ten people called it that."""

ON_THE_LIST = {
    "Elation": ("Joy", "Excitement"),
    "Happiness": ("Joy",),
    "Romantic Love": ("Love", "Romance"),
    "Serenity": ("Calmness",),
    "Surprise (Negative)": ("Surprise (negative)",),
    "Surprise (Positive)": ("Surprise (positive)",),
    "Neutral": (),
}
"""Intended expressions whose name is not on the list of 48, and the names that mean the same."""


class Rated(NamedTuple):
    """Rated pieces of one kind."""

    shares: NDArray[np.float64]
    """(pieces, 48) shares of raters"""
    neutral: NDArray[np.bool_]
    """(pieces,)"""

    def without(self, fold: slice) -> "Rated":
        return Rated(np.delete(self.shares, fold, 0), np.delete(self.neutral, fold, 0))


def ratings(data: Path) -> list[Rated]:
    """Texts and faces."""
    folder = data / "ratings"
    rows = [row for name in ("texts53.tsv", "written53.tsv") for row in _rows(folder / name)]
    texts = _shares(rows)
    rows = _rows(folder / "faces48.tsv")
    votes = np.load(data / "face" / "ferplus_train.npz", allow_pickle=True)
    column = list(votes["vote_columns"]).index("neutral")
    neutral = dict(zip(votes["names"], votes["votes"][:, column] >= NEUTRAL_VOTES, strict=True))
    faces = np.array([neutral.get(row["image"], False) for row in rows])
    return [Rated(texts, texts.max(1) < PLAIN), Rated(_shares(rows), faces)]


def shares(rated: Sequence[Rated], intended: Sequence[str]) -> NDArray[np.float64]:
    """(intended, 48): for each main expression, the mean of the pieces of which it is."""
    return np.array([_row(rated, name) for name in intended])


def explained(rated: Sequence[Rated], trained: Sequence[str], folds: int = 5) -> dict[str, float]:
    """For each name that is not among the trained ones: the correlation between its share and what
    the shares of the trained names let expect, over pieces that had no part in learning that."""
    names = [name for k in trained for name in ON_THE_LIST.get(k, (k,))]
    known = [EXPRESSIONS.index(name) for name in dict.fromkeys(names)]
    mixed = [j for j in range(len(EXPRESSIONS)) if j not in known]
    expected, real = [], []
    for fold in range(folds):
        part = np.s_[fold::folds]
        learned = shares([pieces.without(part) for pieces in rated], [EXPRESSIONS[j] for j in known])
        for pieces in rated:
            held_out = pieces.shares[part]
            main = held_out[:, known]
            likely = main / np.maximum(main.sum(1, keepdims=True), 1e-9)
            expected.append(likely @ learned[:, mixed])
            real.append(held_out[:, mixed])
    one, other = np.concatenate(expected), np.concatenate(real)
    return {EXPRESSIONS[j]: float(np.corrcoef(one[:, i], other[:, i])[0, 1]) for i, j in enumerate(mixed)}


def _row(rated: Sequence[Rated], intended: str) -> NDArray[np.float64]:
    names = ON_THE_LIST.get(intended, (intended,))
    if not names:  # texts and faces alike: far more texts are neutral, and say less
        return np.mean([pieces.shares[pieces.neutral].mean(0) for pieces in rated], axis=0)
    # faces have hardly one whose main expression is relief or triumph: texts then speak alone
    every = np.concatenate([pieces.shares for pieces in rated])
    main = np.where(every.max(1) >= PLAIN, every.argmax(1), -1)
    return np.mean([every[main == EXPRESSIONS.index(name)].mean(0) for name in names], axis=0)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _shares(rows: Sequence[dict[str, str]]) -> NDArray[np.float64]:
    return np.array([[float(row[name]) / 100 for name in EXPRESSIONS] for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    rated = ratings(parser.parse_args().data)
    trained = [*EMOGATOR, *EMODB.values()]
    found = explained(rated, [name for name in dict.fromkeys(trained) if name != "Neutral"])
    for name, correlation in found.items():
        print(f"{name:24} {correlation:.2f}")
    print(f"mean over {len(found)} names {np.mean(list(found.values())):.2f}")
    table = shares(rated, trained)
    for name, row in zip(trained, table, strict=True):
        top = np.argsort(-row)[:6]
        print(f"{name:22} sum {row.sum():.2f}: " + ", ".join(f"{EXPRESSIONS[j]} {row[j]:.2f}" for j in top))


if __name__ == "__main__":
    main()
