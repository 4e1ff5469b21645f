"""The language network trained in `training/language`: what texts and their words express and name.

It takes `ids`, `mask` and `shapes`, int64 (texts, tokens): WordPiece tokens between CLS and SEP, which
of them count, and the shape of the word that each is of. It gives `passages`, float32 (texts, 68):
shares for the 53 of `SPOKEN_EXPRESSIONS`, the distribution of `SENTIMENT` and the probabilities of
`TOXICITY`; `tokens`, float32 (texts, tokens, 68), the same of each token as logits; and `tags`,
float32 (texts, tokens, tags), probabilities of `TAGS`. Its metadata has `follows`, a table in JSON: how well
each of `SERVED_TAGS` follows each, the first of which stands before and after a text too.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from mien.engines import cores
from mien.engines.names import Word, entities, given_each_other
from mien.engines.onnx import Threads, calls, opened
from mien.errors import EngineError, EngineMissing
from mien.labels import SENTIMENT, SPOKEN_EXPRESSIONS, TOXICITY
from mien.settings import Settings
from mien.types import Entity, Passage, ReadText, ScoreTable, TextScores
from mien.weights import network

KINDS = ("PERSON", "LOCATION", "CORPORATION", "GROUP", "PRODUCT", "WORK", "EVENT", "MISC")
"""What a name can be of, to the network."""

TAGS = ("O", *(f"{place}-{kind}" for kind in KINDS for place in "BI"))
"""What a token can be: outside of any name, or where one begins or goes on."""

SERVED = {"CORPORATION": "ORGANIZATION", "GROUP": "ORGANIZATION"}
"""Kinds that go by another name here: one of three sources alone tells companies from teams and bands."""


def _served(tag: str) -> str:
    place, _, kind = tag.partition("-")
    return f"{place}-{SERVED.get(kind, kind)}" if kind else tag


SERVED_TAGS = tuple(dict.fromkeys(map(_served, TAGS)))
"""What a word can be."""

CLS, SEP = 101, 102

WINDOW, OVERLAP = 126, 40
"""Tokens that the network sees at once, and how many of them the next window sees again."""

BLOCK = 4000
"""Characters that are cut into tokens at once: a text of any length takes little memory."""

LARGEST = 512
"""Tokens in one call, padding included: what lies between the layers stays in the cache of a core."""

OTHER, LOWER, CAPITAL, UPPER, MIXED, DIGITS = range(6)
"""The shapes of a word. The network's vocabulary knows no capitals: WHY and why, Apple and apple."""

EXPRESSED = slice(0, len(SPOKEN_EXPRESSIONS))
FELT = slice(EXPRESSED.stop, EXPRESSED.stop + len(SENTIMENT))
TOXIC = slice(FELT.stop, FELT.stop + len(TOXICITY))
"""Where expressions, sentiment and toxicity stand among the measures."""


class TextNet:
    """Reads English."""

    label = "mien language network (English)"
    languages: frozenset[str] | None = frozenset({"en"})

    def __init__(self, path: Path, vocabulary: Path, threads: int) -> None:
        self._session, self._threads = opened(path), Threads(threads)
        shapes = {output.name: output.shape[-1] for output in self._session.get_outputs()}
        if (shapes.get("passages"), shapes.get("tags")) != (TOXIC.stop, len(TAGS)):
            raise EngineError(f"{path.name} is not a language network: it gives {shapes}")
        try:
            follows = json.loads(self._session.get_modelmeta().custom_metadata_map["follows"])
        except (KeyError, ValueError) as error:
            raise EngineError(f"{path.name} does not say how tags follow each other") from error
        self._follows = np.array(follows, np.float32)
        try:
            self._tokenizer = Tokenizer.from_file(str(vocabulary))
        except Exception as error:  # the library raises nothing finer
            raise EngineError(f"the vocabulary {vocabulary.name} cannot be read: {error}") from error

    def read_texts(self, passages: Sequence[Passage]) -> list[ReadText]:
        tokens = self._tokens([passage.text for passage in passages])
        seen = self._seen(tokens)
        rows = [
            _of_words(passage, one, look) for passage, one, look in zip(passages, tokens, seen, strict=True)
        ]
        words = iter(np.split(_scores(np.concatenate(rows)), np.cumsum([len(row) for row in rows])[:-1]))
        named = cache(partial(self._named, passages, tokens, [look.tags for look in seen]))

        def named_in(k: int) -> tuple[Entity, ...]:
            return named()[k]

        found = []
        for k, look in enumerate(seen):
            table = np.concatenate([look.passage[None], next(words)])
            scores = TextScores(table[:, EXPRESSED], table[:, FELT], table[:, TOXIC])
            found.append(ReadText(scores, partial(named_in, k)))
        return found

    def _named(
        self, passages: Sequence[Passage], tokens: Sequence["_Tokens"], tags: Sequence[ScoreTable]
    ) -> list[tuple[Entity, ...]]:
        """What each passage names, of all at once."""
        alone = [table[one.firsts] @ SERVED_AS for one, table in zip(tokens, tags, strict=True)]
        return [
            tuple(entities(passage.text, _words(one, table)))
            for passage, one, table in zip(
                passages, tokens, given_each_other(alone, self._follows), strict=True
            )
        ]

    def _tokens(self, texts: Sequence[str]) -> list["_Tokens"]:
        blocks = [(i, begin, end) for i, text in enumerate(texts) for begin, end in _blocks(text)]
        # half of a surrogate pair is a sign of its own to Python, and none to UTF-8
        pieces = [texts[i][begin:end].encode(errors="replace").decode() for i, begin, end in blocks]
        parts: list[list[_Tokens]] = [[] for _ in texts]
        for (i, begin, _), piece, encoding in zip(
            blocks, pieces, self._tokenizer.encode_batch(pieces, add_special_tokens=False), strict=True
        ):
            parts[i].append(_Tokens.of(piece, encoding, begin))
        return [_Tokens.joined(some) for some in parts]

    def _seen(self, tokens: Sequence["_Tokens"]) -> list["_Look"]:
        """What the network sees in each text, window by window; where windows overlap, the one
        counts most in whose middle a token stands."""
        windows = [(i, *window) for i, one in enumerate(tokens) for window in _windows(len(one.ids))]
        looks = [_Look.empty(len(one.ids)) for one in tokens]
        together = list(calls([end - begin + 2 for _, begin, end in windows], LARGEST))
        parts = [
            [tokens[i].part(begin, end) for i, begin, end in (windows[k] for k in call)] for call in together
        ]
        for call, rows in zip(together, self._threads.each(self._called, parts), strict=True):
            for k, passage, states, tags in zip(call, *rows, strict=True):
                i, begin, end = windows[k]
                looks[i].add(begin, end, passage, states[1:], tags[1:])
        for look in looks:
            look.settle()
        return looks

    def _called(self, parts: Sequence["_Tokens"]) -> tuple[ScoreTable, ScoreTable, ScoreTable]:
        """One call of the network."""
        longest = 2 + max(len(part.ids) for part in parts)
        ids, mask, shapes = np.zeros((3, len(parts), longest), np.int64)
        for row, part in enumerate(parts):
            count = len(part.ids)
            ids[row, 0], ids[row, count + 1] = CLS, SEP
            ids[row, 1 : count + 1], shapes[row, 1 : count + 1] = part.ids, part.shapes
            mask[row, : count + 2] = 1
        given = {"ids": ids, "mask": mask, "shapes": shapes}
        passages, tokens, tags = self._session.run(["passages", "tokens", "tags"], given)
        return passages, tokens, tags


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A text as the network takes it."""

    ids: NDArray[np.int32]
    shapes: NDArray[np.int8]
    begins: NDArray[np.int32]
    """Characters of the text where each token begins, and ends."""
    ends: NDArray[np.int32]
    firsts: NDArray[np.bool_]
    """Whether it is the first token of a word."""

    @classmethod
    def of(cls, text: str, encoding: Encoding, at: int) -> "_Tokens":
        spans = np.array(encoding.offsets, np.int32).reshape(-1, 2) + np.int32(at)
        words = np.array([-1 if word is None else word for word in encoding.word_ids], np.int64)
        return cls(
            np.array(encoding.ids, np.int32),
            np.array(shapes(text, encoding), np.int8),
            spans[:, 0],
            spans[:, 1],
            np.diff(words, prepend=-1) != 0,
        )

    @classmethod
    def joined(cls, parts: Sequence["_Tokens"]) -> "_Tokens":
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__slots__))

    def part(self, begin: int, end: int) -> "_Tokens":
        return _Tokens(*(getattr(self, name)[begin:end] for name in self.__slots__))


@dataclass(slots=True)
class _Look:
    """What the network saw in one text."""

    passage: NDArray[np.float32]  # (68,)
    tokens: ScoreTable  # (tokens, 68), logits
    tags: ScoreTable  # (tokens, tags)
    weights: NDArray[np.float32]  # (tokens, 1)
    counted: int = 0

    @classmethod
    def empty(cls, tokens: int) -> "_Look":
        def zeros(*shape: int) -> ScoreTable:
            return np.zeros(shape, np.float32)

        return cls(zeros(TOXIC.stop), zeros(tokens, TOXIC.stop), zeros(tokens, len(TAGS)), zeros(tokens, 1))

    def add(
        self, begin: int, end: int, passage: NDArray[np.float32], tokens: ScoreTable, tags: ScoreTable
    ) -> None:
        count = end - begin
        middle = np.minimum(np.arange(1, count + 1), np.arange(count, 0, -1)).astype(np.float32)[:, None]
        self.passage += passage * max(1, count)
        self.counted += max(1, count)
        self.tokens[begin:end] += tokens[:count] * middle
        self.tags[begin:end] += tags[:count] * middle
        self.weights[begin:end] += middle

    def settle(self) -> None:
        """From sums to means."""
        self.passage /= self.counted
        self.tokens /= self.weights
        self.tags /= self.weights


def shape(word: str) -> int:
    """What a word's letters are like."""
    if word.islower():
        return LOWER
    if word.isupper():
        return UPPER if len(word) > 1 else CAPITAL
    if word.istitle():
        return CAPITAL
    if word.isalpha():
        return MIXED
    return DIGITS if any(sign.isdigit() for sign in word) else OTHER


def shapes(text: str, encoding: Encoding) -> list[int]:
    """The shape of the word that each token is of."""
    begins: dict[int | None, int] = {}
    ends: dict[int | None, int] = {}
    for word, (begin, end) in zip(encoding.word_ids, encoding.offsets, strict=True):
        begins.setdefault(word, begin)
        ends[word] = end
    known = {word: shape(text[begin : ends[word]]) for word, begin in begins.items()}
    return [known[word] for word in encoding.word_ids]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """A text in pieces that end where a word does, so that each has the tokens it has in the whole."""
    begin = 0
    while len(text) - begin > BLOCK:
        space = max(text.rfind(sign, begin, begin + BLOCK) for sign in " \n\t")
        end = space if space > begin else begin + BLOCK
        yield begin, end
        begin = end
    yield begin, len(text)


def _windows(tokens: int) -> Iterator[tuple[int, int]]:
    """Windows over a text; the last is as long as the others."""
    begin = 0
    while begin + WINDOW < tokens:
        yield begin, begin + WINDOW
        begin += WINDOW - OVERLAP
    yield max(0, min(begin, tokens - WINDOW)), tokens


def _of_words(passage: Passage, tokens: _Tokens, look: _Look) -> ScoreTable:
    """(words, 68): mean logits of each word's tokens. A word that the vocabulary drops altogether
    is read as the mean of the passage."""
    at = passage.position.begin
    begins = np.searchsorted(tokens.begins, [word.position.begin - at for word in passage.words])
    ends = np.searchsorted(tokens.begins, [word.position.end - at for word in passage.words])
    sums = np.zeros((len(tokens.ids) + 1, TOXIC.stop))
    np.cumsum(look.tokens, axis=0, out=sums[1:])
    empty = ends <= begins
    begins, ends = np.where(empty, 0, begins), np.where(empty, len(tokens.ids), ends)
    means: ScoreTable = ((sums[ends] - sums[begins]) / np.maximum(ends - begins, 1)[:, None]).astype(
        np.float32
    )
    return means


def _scores(logits: ScoreTable) -> ScoreTable:
    """Logits as the network's `passages` are: shares, a distribution, probabilities."""
    scores: ScoreTable = (1 / (1 + np.exp(-logits))).astype(np.float32)
    felt = np.exp(logits[:, FELT] - logits[:, FELT].max(1, keepdims=True, initial=-np.inf))
    scores[:, FELT] = felt / felt.sum(1, keepdims=True)
    return scores


def _words(tokens: _Tokens, tags: ScoreTable) -> Iterator[Word]:
    """Words with what they name, by the tags of each (words, tags). One goes on to its last token."""
    firsts = np.flatnonzero(tokens.firsts)
    lasts = np.append(firsts, len(tokens.ids))[1:] - 1
    begins, ends = tokens.begins[firsts], tokens.ends[lasts]
    best, sure = tags.argmax(1), tags @ _OF_KIND
    for begin, end, tag, kinds in zip(*(part.tolist() for part in (begins, ends, best, sure)), strict=True):
        place, kind = _PARTS[tag]
        yield Word(begin, end, kind, begins=place == "B", sure=kinds[tag])


_PARTS = tuple((place, kind) for place, _, kind in (tag.partition("-") for tag in SERVED_TAGS))
SERVED_AS = np.array([[_served(tag) == served for served in SERVED_TAGS] for tag in TAGS], np.float32)
"""(TAGS, SERVED_TAGS): which tags go by which name here. A word is tagged by its first token."""
_OF_KIND = np.array([[bool(one) and one == other for _, other in _PARTS] for _, one in _PARTS], np.float32)
"""(SERVED_TAGS, SERVED_TAGS): which tags are of one kind, whether it begins with a word or goes on."""


def text_reader(settings: Settings) -> TextNet:
    """The network that is part of this package."""
    path = network("language")
    if path is None:
        raise EngineMissing(
            "this installation has no language network: mien/weights/language.onnx is missing"
        )
    return TextNet(path, path.with_suffix(".vocabulary.json"), cores(settings))
