"""FER+ faces, their votes and their ratings, and which of them may be learned from.

`read(DATA)` gives all of it from `DATA/face/ferplus_*.npz` and `DATA/ratings/faces48.tsv`, and `rated.tsv`
beside this: further FER+ faces rated in the same way, to learn from alone.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.labels import EXPRESSIONS, FACE_DESCRIPTIONS, FACS

VOTES = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
)
"""What FER+'s people could vote for; the eight before `unknown` are what its figures are over."""

CLASSES = 8
NAMES = (*EXPRESSIONS, *FACS, *FACE_DESCRIPTIONS)
"""The 111 columns of the ratings, in order."""

COLUMNS = {name.partition(" ")[0] if name.startswith("AU") else name: i for i, name in enumerate(NAMES)}
"""Where a name stands in them; action units by their numbers."""

PARTS = {
    "expressions": slice(0, len(EXPRESSIONS)),
    "facs": slice(len(EXPRESSIONS), len(EXPRESSIONS) + len(FACS)),
    "descriptions": slice(len(EXPRESSIONS) + len(FACS), len(NAMES)),
}

ALIKE = 0.95
"""Correlation of 12×12 thumbnails from which two pictures count as one. Looked at: nine in ten pairs
just above it are the same photograph, recoloured, cropped or with another watermark."""

THUMBNAIL = 12
HELD_OUT, DEVELOPMENT = 0.15, 0.10
"""Shares of the rated faces that are reported on, and chosen by."""

VOTED_DEVELOPMENT = 0.04
"""Share of the other groups of FER+ train that is chosen by."""

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Faces:
    """All FER+ faces: the train pictures, then the valid ones. Row `i` of each array is one face."""

    images: Pictures
    """(faces, 48, 48) grey"""
    votes: NDArray[np.float32]
    """(faces, 9) shares of FER+'s votes, in the order of `VOTES`"""
    ratings: NDArray[np.float32]
    """(faces, 111) shares of raters in the order of `NAMES`; not a number where a face was not rated"""
    train: NDArray[np.int64]
    """Rows to learn from: none is alike to one of the rows below"""
    development: NDArray[np.int64]
    """Rated rows to choose by"""
    voted_development: NDArray[np.int64]
    """Rows that were not rated, to choose by"""
    held_out: NDArray[np.int64]
    """Rated rows to report on"""
    valid: NDArray[np.int64]
    """FER+ valid rows to report on"""

    def rated(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the rows that were rated."""
        return rows[~np.isnan(self.ratings[rows, 0])]


def read(data: Path) -> Faces:
    parts = [np.load(data / "face" / f"ferplus_{name}.npz") for name in ("train", "valid")]
    columns = list(parts[0]["vote_columns"])
    kept = [columns.index(name) for name in VOTES]
    images = np.concatenate([part["images"] for part in parts])
    votes = np.concatenate([part["votes"] for part in parts])[:, kept].astype(np.float32)
    votes /= np.maximum(votes.sum(1, keepdims=True), 1)
    names = np.concatenate([part["names"] for part in parts])
    ratings = _ratings(data / "ratings" / "faces48.tsv", {str(name): i for i, name in enumerate(names)})
    group = alike(images)
    valid = np.arange(len(parts[0]["images"]), len(images))
    rated = np.setdiff1d(np.flatnonzero(~np.isnan(ratings[:, 0])), _in(group, group[valid]))
    development, held_out = _split(rated, group)
    aside = _in(group, group[np.concatenate([valid, development, held_out])])
    free = np.setdiff1d(np.arange(len(images)), aside)
    unrated = np.setdiff1d(group[free], group[rated])
    chosen = np.random.default_rng(1).permutation(unrated)[: int(VOTED_DEVELOPMENT * len(unrated))]
    voted = free[np.isin(group[free], chosen)]
    train = np.setdiff1d(free, voted)
    _rate(ratings, train, names)
    return Faces(images, votes, ratings, train, development, voted, held_out, valid)


def alike(images: Pictures) -> NDArray[np.int64]:
    """(faces,) the number of the group of near-duplicates, mirrored or not, that a picture is in."""
    thumbs, mirrored = _thumbnails(images), _thumbnails(images[:, :, ::-1])
    parent = np.arange(len(images))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    for begin in range(0, len(images), 1024):
        for other in (thumbs, mirrored):
            near = thumbs[begin : begin + 1024] @ other[begin:].T > ALIKE
            for i, k in zip(*np.nonzero(near), strict=True):
                parent[root(begin + int(i))] = root(begin + int(k))
    return np.array([root(i) for i in range(len(images))])


def _thumbnails(images: Pictures) -> NDArray[np.float32]:
    """(pictures, 144) of zero mean and unit length."""
    side = images.shape[1] // THUMBNAIL
    small = images.reshape(len(images), THUMBNAIL, side, THUMBNAIL, side).mean((2, 4), dtype=np.float32)
    small = small.reshape(len(images), -1)
    small -= small.mean(1, keepdims=True)
    small /= np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)
    return small


def _split(rated: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Development and held-out rows, whole groups at a time."""
    groups = np.random.default_rng(0).permutation(np.unique(group[rated]))
    cuts = (np.array([DEVELOPMENT, DEVELOPMENT + HELD_OUT]) * len(groups)).astype(int)
    development, held_out, _ = np.split(groups, cuts)
    return rated[np.isin(group[rated], development)], rated[np.isin(group[rated], held_out)]


def _in(group: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(group, groups))


def _rate(ratings: NDArray[np.float32], train: NDArray[np.int64], names: NDArray[np.str_]) -> None:
    """Write ratings of ours to those of the rows that nobody has rated yet."""
    rows = {str(names[row]): row for row in train if np.isnan(ratings[row, 0])}
    for line in Path(__file__).with_name("rated.tsv").read_text("utf-8").splitlines():
        picture, *lists = line.split("\t")
        if (row := rows.get(picture)) is None:
            continue
        ratings[row] = 0
        for one in (one for said in lists if said for one in said.split(", ")):
            name, _, score = one.rpartition(" ")
            ratings[row, COLUMNS[name]] = float(score) / 100


def _ratings(path: Path, rows: dict[str, int]) -> NDArray[np.float32]:
    table = np.full((len(rows), len(NAMES)), np.nan, np.float32)
    with path.open(newline="", encoding="utf-8") as file:
        for rated in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            table[rows[rated["image"]]] = [float(rated[name]) / 100 for name in NAMES]
    return table
