"""A classifier of emotions in many languages, in ONNX, once a user has pulled one from the Hub.

Any that transformers calls a sequence classifier will do whose labels are GoEmotions' 28 or Ekman's six
(with `neutral` or without): its `config.json` says what the labels are and whether they exclude each
other, its `tokenizer.json` how text becomes tokens.

What it says of a text are chances of labels. They become shares of raters by what people said of
comments with those labels (`training/multilingual/shares.py`, from comments rated on all 53 names). So
a score is the share expected for the labels, no more: names that the labels do not tell (13 of the 53
with GoEmotions' labels, 25 with Ekman's) are 0, and the others correlate with ratings at .43 and .32
on the mean if every label is right. Sentiment is spread about the mean valence of the labels.
Words have the scores of their passage. Toxicity and names are not read.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from mien.engines import cores
from mien.engines.onnx import opened
from mien.errors import EngineError, EngineMissing
from mien.labels import SENTIMENT, SPOKEN_EXPRESSIONS
from mien.settings import Settings
from mien.types import Passage, ReadText, ScoreTable, TextScores
from mien.weights import COMPLETE, pulled, pulled_files

LONGEST = 512
"""Tokens of one part; what is longer scores the mean of its parts. A network may take fewer."""

VALENCE = {
    "admiration": 2.5,
    "amusement": 1.5,
    "anger": -2.7,
    "annoyance": -1.3,
    "approval": 2.1,
    "caring": 2.2,
    "confusion": -1.2,
    "desire": 1.7,
    "disappointment": -2.3,
    "disapproval": -1.9,
    "disgust": -2.9,
    "embarrassment": -1.9,
    "excitement": 2.2,
    "fear": -2.2,
    "gratitude": 2.3,
    "grief": -2.2,
    "joy": 2.8,
    "love": 3.2,
    "nervousness": -1.2,
    "optimism": 2.5,
    "pride": 1.4,
    "relief": 2.1,
    "remorse": -1.1,
    "sadness": -1.9,
    "surprise": 1.1,
}
"""How positive ten people found each word, -4 to 4 (the lexicon of vaderSentiment, MIT); that of
`disapproval`, which they were not asked about, is the mean of the negative ones. Others are 0."""

SPREAD = 1.0
"""Standard deviation of the sentiment of one label, in steps."""

SAME = {"happiness": "joy", "happy": "joy", "sad": "sadness", "angry": "anger", "others": "neutral"}
"""Other words for the same labels."""

# what people say of a comment with each label, in hundredths; of neutral ones nothing: printed by
# training/multilingual/shares.py, which says how
GOEMOTIONS = {
    "admiration": (
        "Admiration 26, Enthusiasm 11, Joy 11, Amusement 6, Satisfaction 5, Excitement 5, Love 4, "
        "Adoration 3, Aesthetic Appreciation 3, Surprise (positive) 3, Interest 3"
    ),
    "amusement": "Amusement 46, Contempt 7, Joy 6, Annoyance 3",
    "anger": (
        "Anger 26, Annoyance 22, Contempt 19, Disapproval 18, Amusement 8, Disgust 8, Confusion 4, "
        "Surprise (negative) 4"
    ),
    "annoyance": (
        "Annoyance 21, Disapproval 17, Contempt 14, Anger 8, Amusement 5, Disappointment 4, Disgust 3"
    ),
    "approval": "Disapproval 6, Amusement 5, Enthusiasm 4, Calmness 4, Annoyance 4, Satisfaction 3",
    "caring": (
        "Sympathy 21, Calmness 8, Disapproval 5, Love 4, Contempt 4, Amusement 3, Anxiety 3, Annoyance 3"
    ),
    "confusion": "Confusion 25, Doubt 13, Amusement 7, Interest 5, Annoyance 5, Disapproval 5",
    "curiosity": "Interest 20, Confusion 10, Doubt 7, Annoyance 6, Amusement 5, Disapproval 5, Contempt 4",
    "desire": (
        "Desire 27, Disappointment 10, Amusement 7, Enthusiasm 7, Sadness 6, Excitement 5, Envy 5, "
        "Interest 5, Admiration 4, Annoyance 3"
    ),
    "disappointment": (
        "Disappointment 17, Sadness 8, Annoyance 8, Disapproval 8, Amusement 6, Contempt 5, Distress 4"
    ),
    "disapproval": "Disapproval 23, Annoyance 12, Contempt 11, Doubt 6, Amusement 4, Anger 3",
    "disgust": (
        "Disapproval 22, Disgust 22, Contempt 15, Annoyance 13, Anger 10, Amusement 6, Disappointment 5"
    ),
    "embarrassment": (
        "Embarrassment 18, Amusement 13, Awkwardness 13, Disapproval 10, Contempt 8, "
        "Disappointment 7, Shame 7, Annoyance 6, Guilt 4, Realization 3"
    ),
    "excitement": (
        "Excitement 24, Enthusiasm 19, Joy 15, Amusement 8, Interest 7, Surprise (positive) 5, "
        "Admiration 3, Desire 3, Contempt 3"
    ),
    "fear": (
        "Fear 21, Anxiety 15, Disapproval 13, Horror 10, Amusement 8, Distress 7, Contempt 6, "
        "Disgust 6, Annoyance 5, Disappointment 3, Sadness 3"
    ),
    "gratitude": "Gratitude 48, Joy 9, Realization 4, Satisfaction 4, Relief 4, Amusement 3, Enthusiasm 3",
    "grief": "Sympathy 24, Sadness 23, Amusement 9, Empathic Pain 8, Love 4, Anger 3",
    "joy": (
        "Joy 26, Satisfaction 9, Enthusiasm 8, Amusement 8, Contentment 7, Relief 6, Excitement 4, "
        "Love 4, Admiration 4"
    ),
    "love": (
        "Love 31, Joy 15, Admiration 14, Enthusiasm 12, Amusement 10, Adoration 8, Excitement 5, "
        "Satisfaction 5, Desire 4"
    ),
    "nervousness": "Anxiety 30, Distress 9, Fear 9, Sympathy 5, Relief 3, Sadness 3",
    "optimism": "Sympathy 9, Desire 5, Amusement 5, Enthusiasm 5, Anxiety 3, Contempt 3",
    "pride": "Pride 34, Joy 13, Admiration 12, Amusement 8, Satisfaction 6, Enthusiasm 5, Love 4",
    "realization": "Realization 12, Amusement 9, Disapproval 5, Disappointment 4, Annoyance 3, Contempt 3",
    "relief": (
        "Relief 33, Amusement 10, Joy 9, Satisfaction 8, Sympathy 5, Calmness 5, Contentment 4, Contempt 3"
    ),
    "remorse": (
        "Sympathy 16, Guilt 14, Embarrassment 7, Amusement 6, Awkwardness 6, Sadness 6, "
        "Disapproval 5, Contempt 5, Empathic Pain 4, Realization 4, Annoyance 4"
    ),
    "sadness": (
        "Sadness 26, Sympathy 14, Disappointment 10, Empathic Pain 7, Distress 6, Pain 6, "
        "Disapproval 5, Contempt 3, Amusement 3"
    ),
    "surprise": (
        "Surprise (negative) 16, Surprise (positive) 14, Amusement 9, Disapproval 6, Contempt 6, "
        "Confusion 5, Realization 5, Interest 5, Annoyance 5, Excitement 4, Doubt 4"
    ),
    "neutral": "",
}
EKMAN = {
    "anger": "Disapproval 22, Annoyance 22, Contempt 17, Anger 14, Disgust 5, Disappointment 4, Doubt 3",
    "disgust": "Disapproval 22, Disgust 22, Contempt 15, Annoyance 13, Anger 10, Disappointment 5",
    "fear": (
        "Anxiety 22, Fear 19, Disapproval 10, Distress 9, Horror 8, Contempt 5, Disgust 4, "
        "Annoyance 4, Sympathy 4, Sadness 4"
    ),
    "joy": (
        "Joy 12, Enthusiasm 9, Admiration 9, Gratitude 7, Love 6, Excitement 6, Sympathy 5, "
        "Satisfaction 4, Contempt 4, Disapproval 3, Annoyance 3"
    ),
    "sadness": (
        "Sadness 14, Sympathy 11, Disappointment 11, Disapproval 8, Embarrassment 7, Contempt 6, "
        "Annoyance 6, Awkwardness 5, Guilt 5, Empathic Pain 4, Distress 4"
    ),
    "surprise": (
        "Confusion 12, Interest 10, Doubt 7, Disapproval 6, Surprise (negative) 6, Annoyance 5, "
        "Surprise (positive) 5, Contempt 4"
    ),
    "neutral": "",
}


class Multilingual:
    """Reads emotions in the languages that its network was trained on."""

    languages: frozenset[str] | None = None

    def __init__(self, folder: Path, threads: int) -> None:
        network, config, tokenizer = _files(folder)
        self.label = f"{folder.name} ({network.stem})"
        labels = _labels(config, folder.name)
        self._shares, self._sentiment = _shares(labels, folder.name), _sentiment(labels)
        # as transformers has it: the labels exclude each other unless the network says otherwise
        self._exclusive = config.get("problem_type") != "multi_label_classification" and len(labels) > 1
        told = np.count_nonzero(self._shares.any(axis=0))
        self.caveat = (
            f"its {len(labels)} labels tell {told} of {len(SPOKEN_EXPRESSIONS)} expressions,"
            " the others are 0; words have the scores of their passage; sentiment follows from the labels;"
            " toxicity and named entities are not read"
        )
        self._tokenizer = _tokenizer(tokenizer, config)
        self._session = opened(network, threads)
        self._inputs = {one.name for one in self._session.get_inputs()}
        if not {"input_ids"} <= self._inputs <= {"input_ids", "attention_mask", "token_type_ids"}:
            raise EngineError(f"{folder.name} is not a text classifier: it takes {sorted(self._inputs)}")
        self._output, shape = next((one.name, one.shape) for one in self._session.get_outputs())
        if len(shape) != 2 or (isinstance(shape[1], int) and shape[1] != len(labels)):
            raise EngineError(f"{folder.name} has {len(labels)} labels, but gives {self._output} of {shape}")

    def read_texts(self, passages: Sequence[Passage]) -> list[ReadText]:
        return [self._read(passage) for passage in passages]

    def _read(self, passage: Passage) -> ReadText:
        chances = self._chances(passage.text)
        total = chances.sum()
        # what no label takes is neutral; where they take more than all, each takes its part
        neutral = max(0.0, 1 - total) * _spread(0.0)
        sentiment = chances / max(1.0, total) @ self._sentiment + neutral
        rows = (1 + len(passage.words), 1)
        return ReadText(
            TextScores(
                expressions=np.tile(np.minimum(chances @ self._shares, 1), rows),
                sentiment=np.tile(_table(sentiment), rows),
                toxicity=None,
            )
        )

    def _chances(self, text: str) -> NDArray[np.float32]:
        """(labels,) of one text; a long one has the mean of its parts, weighed by their tokens."""
        whole = self._tokenizer.encode(text)
        parts = (whole, *whole.overflowing)
        return _table(
            np.average([self._called(part) for part in parts], axis=0, weights=[len(part) for part in parts])
        )

    def _called(self, part: Encoding) -> NDArray[np.float32]:
        """(labels,) of one call of the network. Most are quantised, with scales that they take from all
        that is in a call: only alone does a text always score the same."""
        ids = np.array([part.ids], np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        fed = {name: array for name, array in given.items() if name in self._inputs}
        try:
            (logits,) = self._session.run([self._output], fed)[0]
        except Exception as error:  # onnxruntime's errors have no common kind of their own
            raise EngineError(f"{self.label} failed on {len(part)} tokens: {error}") from error
        if self._exclusive:
            powers = np.exp(logits - logits.max())
            return _table(powers / powers.sum())
        return _table(1 / (1 + np.exp(-logits)))


def _table(numbers: NDArray[Any]) -> NDArray[np.float32]:
    return numbers.astype(np.float32)


def _files(folder: Path) -> tuple[Path, Mapping[str, Any], Path]:
    """The network, what its configuration says, and its tokenizer."""
    try:
        files = {path.name: path for path in pulled_files(folder)}
        network = next(path for name, path in files.items() if name.endswith(".onnx"))
        config = json.loads(files["config.json"].read_bytes())
        return network, config, files["tokenizer.json"]
    except (StopIteration, KeyError, TypeError, ValueError, OSError) as error:
        raise EngineError(f"{folder.name} is incomplete ({error!r}); see `mien models check`") from error


def _labels(config: Mapping[str, Any], name: str) -> list[str]:
    """The labels in the order of the network's outputs."""
    try:
        named = {int(number): str(label).strip().lower() for number, label in config["id2label"].items()}
        return [SAME.get(named[number], named[number]) for number in range(len(named))]
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise EngineError(f"the config.json of {name} does not name its labels") from error


def _shares(labels: Sequence[str], name: str) -> ScoreTable:
    """(labels, 53): the narrower meaning of `joy` and its like, where there are narrower labels."""
    for table in (EKMAN, GOEMOTIONS):
        if set(labels) <= table.keys():
            return np.stack([_row(table[label]) for label in labels])
    strange = sorted(set(labels) - GOEMOTIONS.keys())
    raise EngineError(f"{name} has labels that mien cannot translate: {', '.join(strange)}")


def _row(shares: str) -> NDArray[np.float32]:
    row = np.zeros(len(SPOKEN_EXPRESSIONS), np.float32)
    for one in filter(None, shares.split(", ")):
        name, _, share = one.rpartition(" ")
        row[SPOKEN_EXPRESSIONS.index(name)] = int(share) / 100
    return row


def _sentiment(labels: Sequence[str]) -> ScoreTable:
    """(labels, 9), each row a distribution"""
    return np.stack([_spread(VALENCE.get(label, 0.0)) for label in labels])


def _spread(valence: float) -> NDArray[np.float32]:
    """How the sentiment of one valence is distributed over the nine steps."""
    steps = np.arange(len(SENTIMENT)) - len(SENTIMENT) // 2
    powers = np.exp(-(((steps - valence) / SPREAD) ** 2) / 2)
    return _table(powers / powers.sum())


def _tokenizer(path: Path, config: Mapping[str, Any]) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise EngineError(f"{path} cannot be read: {error}; see `mien models check`") from error
    # roberta counts places from behind its padding
    places = int(config.get("max_position_embeddings") or LONGEST) - 2
    tokenizer.enable_truncation(min(LONGEST, places))
    tokenizer.no_padding()
    return tokenizer


def multilingual_reader(settings: Settings) -> Multilingual:
    """The classifier pulled last."""
    folders = pulled(settings.weights, "multilingual")
    if not folders:
        raise EngineMissing("no classifier has been pulled yet; `mien models pull multilingual` gets one")
    return Multilingual(max(folders, key=lambda folder: (folder / COMPLETE).stat().st_mtime), cores(settings))
