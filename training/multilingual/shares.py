"""What people say of a text whose GoEmotions labels are known.

    python -m training.multilingual.shares --data DATA

From the comments that have both GoEmotions' labels and ratings on the 53 names (`DATA/ratings`) comes, for
each label, the share of raters who say each name: by least squares with no share below zero, so
that the shares of a comment's labels add up to those of the comment. The same for Ekman's six, which
are groups of GoEmotions' labels. Printed as the tables of `mien.engines.multilingual`, with how well
comments that were kept apart are told by them. What is said of neutral comments is left out: on
Reddit they are seldom plain, and a plain text is to score low everywhere.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from mien.labels import SPOKEN_EXPRESSIONS

EKMAN = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        *("joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism"),
        *("relief", "pride", "admiration", "desire", "caring"),
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "realization", "confusion", "curiosity"),
    "neutral": ("neutral",),
}
"""GoEmotions' own grouping of its labels."""

LEAST = 0.03
"""A smaller share is left out of the tables."""

TOLD = 0.2
"""A name that correlates less with the ratings is not told by the labels."""

FOLDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    names, labelled, shares = rated(data)
    groups = np.array([[name in EKMAN[group] for name in names] for group in EKMAN], float)
    for title, rows, columns in (
        ("GOEMOTIONS", names, labelled),
        ("EKMAN", tuple(EKMAN), np.minimum(labelled @ groups.T, 1)),
    ):
        r = correlations(columns, shares)
        print(f"\n{title}: mean r {r.mean():.2f}, of the names told {r[r >= TOLD].mean():.2f}")
        for name, row in zip(rows, solved(columns, shares) * (r >= TOLD), strict=True):
            print(f'    "{name}": "{"" if name == "neutral" else written(row)}",')
        print("not told:", ", ".join(np.array(SPOKEN_EXPRESSIONS)[r < TOLD]))


def rated(data: Path) -> tuple[Sequence[str], NDArray[np.float64], NDArray[np.float64]]:
    """GoEmotions' labels, which of them each comment has, and its shares of raters."""
    folder = data / "text" / "goemotions"
    names = tuple((folder / "labels.txt").read_text("utf-8").split())
    labels: dict[str, list[int]] = {}
    for line in (folder / "train.tsv").read_text("utf-8").splitlines():
        _, numbers, id_ = line.rsplit("\t", 2)
        labels[id_] = [int(number) for number in numbers.split(",")]
    with (data / "ratings" / "texts53.tsv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["source"] == "goemotions"]
    labelled = np.zeros((len(rows), len(names)))
    for one, row in zip(labelled, rows, strict=True):
        one[labels[row["id"]]] = 1
    shares = np.array([[float(row[name]) / 100 for name in SPOKEN_EXPRESSIONS] for row in rows])
    return names, labelled, shares


def solved(labelled: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(labels, 53)"""
    return np.stack([nnls(labelled, column)[0] for column in shares.T], axis=1)


def correlations(labelled: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(53,) Pearson's r of each name, over comments that the shares were not solved on."""
    fold = np.arange(len(shares)) % FOLDS
    told = np.zeros_like(shares)
    for k in range(FOLDS):
        table = solved(labelled[fold != k], shares[fold != k])
        told[fold == k] = labelled[fold == k] @ np.where(table < LEAST, 0, table)
    with np.errstate(invalid="ignore"):  # a name that nothing tells is the same everywhere
        found = [np.corrcoef(a, b)[0, 1] for a, b in zip(told.T, shares.T, strict=True)]
    return np.nan_to_num(np.array(found))


def written(row: NDArray[np.float64]) -> str:
    """Shares in hundredths, the largest first."""
    order = [i for i in np.argsort(-row) if row[i] >= LEAST]
    return ", ".join(f"{SPOKEN_EXPRESSIONS[i]} {100 * row[i]:.0f}" for i in order)


if __name__ == "__main__":
    main()
