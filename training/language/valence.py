"""How positive a text is whose expressions were rated, but not its sentiment.

People rated the valence of sentences of four kinds, few of which are ironic or tell of an everyday event. Of
some of these the expressions were rated here as well: what one says of the other is learned from them, and
lets any text with rated expressions teach sentiment besides.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.labels import SPOKEN_EXPRESSIONS
from training.language import data as sources
from training.language.data import Shares

HELD = 10.0
"""How strongly the valence of a name is held to that of its word: rare names are in few of the sentences."""

WORDS = {"Tiredness": "tired", "Surprise (negative)": "shock", "Surprise (positive)": "surprise"}
"""Words for names that the lexicon has not as they are."""


@dataclass(frozen=True, slots=True)
class Felt:
    """What a share of each name adds to the valence of a text."""

    names: NDArray[np.float64]
    otherwise: float

    def __call__(self, shares: Shares) -> NDArray[np.float32]:
        """(texts, 53) → (texts,), -4 to 4; NaN where nobody rated."""
        return np.clip(shares @ self.names + self.otherwise, -4, 4).astype(np.float32)


def felt(data: Path) -> Felt:
    """Learned by ridge regression around the lexicon's valence of the names, from training sentences."""
    return _fitted(*_known(data), _lexicon(data))


def _known(data: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares and valence of training sentences of which both were rated."""
    here = sources.rated_here()
    both = [
        (shares, text.target)
        for text in sources.sentiment(data)
        if text.part == "train" and (shares := here.get(sources.key(text.text))) is not None
    ]
    return np.array([shares for shares, _ in both], float), np.array([v for _, v in both], float).ravel()


def _fitted(shares: NDArray[np.float64], valence: NDArray[np.float64], around: NDArray[np.float64]) -> Felt:
    middle = shares.mean(0)
    apart = shares - middle
    rest = valence - valence.mean() - apart @ around
    names = around + np.linalg.solve(apart.T @ apart + HELD * np.eye(len(around)), apart.T @ rest)
    return Felt(names, float(valence.mean() - middle @ names))


def _lexicon(data: Path) -> NDArray[np.float64]:
    """How positive people found the word for each name; 0 for those they were not asked about."""
    path = data / "text" / "sentiment" / "vader" / "vader_lexicon.txt"
    said = dict(line.split("\t")[:2] for line in path.read_text("utf-8").splitlines() if line)
    words = [WORDS.get(name, name.split()[-1].lower()) for name in SPOKEN_EXPRESSIONS]
    return np.array([float(said.get(word, 0)) for word in words])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    wanted = parser.parse_args()
    shares, valence = _known(wanted.data)
    around = _lexicon(wanted.data)
    fold = np.random.default_rng(0).integers(0, 5, len(valence))
    found = np.zeros(len(valence))
    for k in range(5):
        found[fold == k] = _fitted(shares[fold != k], valence[fold != k], around)(shares[fold == k])
    print(
        f"{len(valence)} sentences, in five parts: r {np.corrcoef(found, valence)[0, 1]:.3f}, "
        f"off by {np.abs(found - valence).mean():.2f} on average"
    )
    names = _fitted(shares, valence, around).names
    for one, before, name in sorted(zip(names, around, SPOKEN_EXPRESSIONS, strict=True)):
        print(f"{one:5.1f} ({before:4.1f})  {name}")


if __name__ == "__main__":
    main()
