"""Fit how sure `mien.engines.langid` is that a text is not English, and print how often it is wrong.

    python -m training.langid.fit --data DATA

It is fitted on three of our sentences of each language; two are kept apart.
"""

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from mien.engines.langid import BY_EVIDENCE, OFFSET, Langid
from mien.segments import LANGUAGE_SHOWS, SURE_OF_LANGUAGE
from training.langid.sentences import Sentence, sentences

NOT_ENGLISH = 0.02
"""How often a text is taken to be in another language before it is looked at."""

OTHER_SCRIPTS = {"hi", "ja", "ko", "ru", "uk", "zh"}
"""Decided by their letters."""

LENGTHS = (2, 3, 4, 5, 7, 10, 15, 20)
"""Words from the beginning of a sentence."""


def english(data: Path) -> dict[str, list[str]]:
    """Texts that nothing but English is expected in, by where they are from."""
    found = {
        f"GoEmotions {part}": [
            line.split("\t")[0]
            for line in (data / "text" / "goemotions" / f"{part}.tsv").read_text("utf-8").splitlines()
        ]
        for part in ("train", "dev")
    }
    for name in ("texts53", "written53"):
        with (data / "ratings" / f"{name}.tsv").open(newline="", encoding="utf-8") as file:
            found[name] = [row["text"] for row in csv.DictReader(file, delimiter="\t")]
    return found


def fitted(detector: Langid, texts: Sequence[str], others: Iterable[Sentence]) -> tuple[float, float]:
    """`OFFSET` and `BY_EVIDENCE`."""
    foreign = [one.begin(words) for one in others if one.language not in OTHER_SCRIPTS for words in LENGTHS]
    evidence = np.array([detector.evidence(text)[1] for text in (*texts, *foreign)])[:, None]
    other = np.repeat([False, True], [len(texts), len(foreign)])
    weights = np.where(other, NOT_ENGLISH / len(foreign), (1 - NOT_ENGLISH) / len(texts)) * len(other)
    model = LogisticRegression(C=1e4).fit(evidence, other, weights)
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def refused(detector: Langid, texts: Iterable[str]) -> list[str]:
    """The texts that are surely in another language."""
    told = ((text, *detector.language(text[:LANGUAGE_SHOWS])) for text in texts)
    return [text for text, tag, sure in told if tag != "en" and sure >= SURE_OF_LANGUAGE]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    detector, plain, others = Langid(), english(data), sentences()
    learned = [one for one in others if not one.kept_apart]
    offset, slope = fitted(detector, plain["GoEmotions train"], learned)
    print(f"fitted: {offset:.3f} {slope:.3f}; in use: {OFFSET} {BY_EVIDENCE}")
    for name, texts in plain.items():
        wrong = refused(detector, texts)
        print(f"{name}: {len(wrong)} of {len(texts)} are not taken for English: {wrong[:5]}")
    for words in LENGTHS:
        for name, some in (
            ("learned from", learned),
            ("kept apart", [one for one in others if one.kept_apart]),
        ):
            begun = [one.begin(words) for one in some]
            caught = len(refused(detector, begun))
            right = sum(
                detector.language(text)[0] == one.language for text, one in zip(begun, some, strict=True)
            )
            print(f"{words} words, {name}: {caught} of {len(some)} are no English, {right} tags are right")


if __name__ == "__main__":
    main()
