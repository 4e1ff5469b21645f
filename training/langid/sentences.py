"""Sentences of our own in eighteen languages, as people write to each other."""

from pathlib import Path
from typing import NamedTuple

UNSPACED = {"ja", "zh"}
"""Written without spaces: two signs are taken for a word."""


class Sentence(NamedTuple):
    """One of five of its language."""

    language: str
    text: str
    kept_apart: bool

    def begin(self, words: int) -> str:
        """Its first words."""
        if self.language in UNSPACED:
            return self.text[: 2 * words]
        return " ".join(self.text.split()[:words])


def sentences() -> list[Sentence]:
    """All of them; two of each language are kept apart."""
    lines = (Path(__file__).parent / "sentences.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return [Sentence(language, text, i % 5 >= 3) for i, (language, text) in enumerate(rows)]
