"""Texts as the network takes them, and batches of them.

Each text is kept twice: as it is written, and as a transcript would have it, without capitals and
signs, so that what people say is read as well as what they write.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from mien.engines.textnet import CLS, EXPRESSED, FELT, OTHER, SEP, TAGS, TOXIC, shapes
from training.language import data as sources
from training.language.data import GOEMOTIONS, XED, Part, Tagged, valence_shares
from training.language.network import MEASURES
from training.language.valence import felt

FELT_IN = ("rated", "goemotions", "xed")
"""Sources whose sentiment nobody rated, and is taken from their expressions."""

DERIVED = 0.5
"""How much that counts beside sentiment that was rated."""

MASK = 103
"""The token that stands for one that is not told."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text without CLS and SEP."""

    ids: NDArray[np.int32]
    shapes: NDArray[np.int8]
    marked: NDArray[np.bool_] | None = None
    """Tokens that readers found toxic."""
    allowed: NDArray[np.bool_] | None = None
    """(tokens, TAGS)"""


@dataclass(slots=True)
class Source:
    """The texts of one source. NaN is what nobody said."""

    name: str
    texts: list[str]
    written: list[Tokens] = field(repr=False)
    spoken: list[Tokens] = field(repr=False)
    measures: NDArray[np.float32] = field(repr=False)
    aside: NDArray[np.float32] = field(repr=False)

    def first(self, most: int | None) -> "Source":
        """Its first texts alone; all if no number is given."""
        kept = slice(0, most)
        return Source(
            self.name,
            self.texts[kept],
            self.written[kept],
            self.spoken[kept],
            self.measures[kept],
            self.aside[kept],
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Some texts, padded."""

    ids: Tensor
    mask: Tensor
    shapes: Tensor
    measures: Tensor
    """(texts, MEASURES)"""
    aside: Tensor
    tokens: Tensor
    """(texts, tokens, MEASURES)"""
    tags: Tensor
    """(texts, tokens, TAGS): 1 where a tag agrees with the annotation"""


def tokenizer(start: Path) -> Tokenizer:
    """That of a published encoder, without cutting or padding."""
    found = Tokenizer.from_file(str(start / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def emoji() -> dict[str, str]:
    """What stands for a feeling without a word, and words for it."""
    lines = Path(__file__).with_name("emoji.tsv").read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in lines)


def with_emoji(tokens: Tokenizer) -> Tokenizer:
    """A tokenizer of BERT that knows emoji besides: each is a token, also within a word, and they take the
    places of tokens that nothing uses. Their skin is not told."""
    said = json.loads(tokens.to_str())
    vocabulary = said["model"]["vocab"]
    for number, sign in enumerate(emoji()):
        vocabulary[sign] = vocabulary.pop(f"[unused{number}]")
    skin = {"type": "Replace", "pattern": {"Regex": "[\U0001f3fb-\U0001f3ff]"}, "content": ""}
    apart = {"type": "Split", "pattern": {"Regex": r"\p{So}"}, "behavior": "Isolated", "invert": False}
    said["normalizer"] = {"type": "Sequence", "normalizers": [skin, said["normalizer"]]}
    said["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [apart, said["pre_tokenizer"]]}
    return Tokenizer.from_str(json.dumps(said))


def load(data: Path, tokens: Tokenizer, part: Part, longest: int) -> list[Source]:
    """All sources, of one part; each text's first `longest` tokens."""
    marked = sources.toxic_words(data)
    here = sources.rated_here() if part == "train" else {}
    positive = felt(data)
    found = []
    for name, width, place in (
        ("rated", MEASURES, EXPRESSED),
        ("goemotions", GOEMOTIONS + XED, slice(0, GOEMOTIONS)),
        ("xed", GOEMOTIONS + XED, slice(GOEMOTIONS, None)),
        ("sentiment", MEASURES, FELT),
        ("toxicity", MEASURES, TOXIC),
    ):
        texts = [text for text in getattr(sources, name)(data) if text.part == part]
        if not texts:
            continue
        targets = np.stack([text.target for text in texts])
        if name == "sentiment":
            targets = valence_shares(targets)
        table = np.full((len(texts), width), np.nan, np.float32)
        table[:, place] = targets
        measured = width == MEASURES
        strings = [text.text for text in texts]
        spans = [marked.get(text) for text in strings] if name == "toxicity" else [None] * len(strings)
        measures = table if measured else np.full((len(texts), MEASURES), np.nan, np.float32)
        if name != "rated":
            for i, text in enumerate(strings):
                if (shares := here.get(sources.key(text))) is not None:
                    measures[i, EXPRESSED] = shares
        if name in FELT_IN:
            known = ~np.isnan(measures[:, EXPRESSED.start])
            valence = positive(measures[known, EXPRESSED])
            measures[known, FELT] = DERIVED * valence_shares(valence)
        found.append(
            Source(
                name,
                strings,
                [tokenized(text, tokens, longest, span) for text, span in zip(strings, spans, strict=True)],
                [tokenized(as_spoken(text), tokens, longest) for text in strings],
                measures,
                np.full((len(texts), GOEMOTIONS + XED), np.nan, np.float32) if measured else table,
            )
        )
    tagged = [one for one in sources.entities(data) if one.part == part]
    found.append(
        Source(
            "entities",
            [" ".join(one.words) for one in tagged],
            [tagged_tokens(one, tokens, longest) for one in tagged],
            [],
            np.full((len(tagged), MEASURES), np.nan, np.float32),
            np.full((len(tagged), GOEMOTIONS + XED), np.nan, np.float32),
        )
    )
    return found


def as_spoken(text: str) -> str:
    """As a transcript without capitals and signs would have it."""
    return re.sub(r"[^\w\s'\[\]]+", " ", text.lower()).strip() or text


def tokenized(
    text: str, tokens: Tokenizer, longest: int, spans: list[tuple[int, int]] | None = None
) -> Tokens:
    encoding = tokens.encode(text, add_special_tokens=False)
    marked = None
    if spans is not None:
        middles = [(begin + end) / 2 for begin, end in encoding.offsets]
        marked = np.array([any(b <= at < e for b, e in spans) for at in middles], bool)[:longest]
    return Tokens(
        np.array(encoding.ids[:longest], np.int32),
        np.array(shapes(text, encoding)[:longest], np.int8),
        marked,
    )


def tagged_tokens(one: Tagged, tokens: Tokenizer, longest: int) -> Tokens:
    """Words and their tags as tokens; the later tokens of a word go on with what it names."""
    text = " ".join(one.words)
    encoding = tokens.encode(text, add_special_tokens=False)
    ends = np.cumsum([len(word) + 1 for word in one.words])
    rows, before = [], -1
    for begin, _ in encoding.offsets:
        word = int(np.searchsorted(ends, begin, side="right"))
        row = one.allowed[word]
        rows.append(_going_on(row) if word == before else row)
        before = word
    allowed = np.array(rows, bool).reshape(-1, len(TAGS))[:longest]
    return Tokens(
        np.array(encoding.ids[:longest], np.int32),
        np.array(shapes(text, encoding)[:longest], np.int8),
        allowed=allowed,
    )


def _going_on(row: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tags of a word's later tokens: what began goes on."""
    going = row.copy()
    going[2::2] |= row[1::2]
    going[1::2] = False
    return going


def batches(
    source: Source,
    most_tokens: int,
    rng: np.random.Generator,
    spoken: float = 0.15,
    joined: float = 0.0,
    hidden: float = 0.0,
) -> Iterator[Batch]:
    """Random batches without end, of texts of like length. Of each two, `joined` are one text:
    their words are then told apart by what they themselves say. Of all tokens, `hidden` are not told, so that
    no text is known by a single word."""
    while True:
        order = rng.permutation(len(source.written))
        for some in np.array_split(order, max(1, len(order) // 1500)):
            some = some[np.argsort([len(source.written[i].ids) for i in some], kind="stable")]
            cut = list(_cuts([len(source.written[i].ids) + 2 for i in some], most_tokens))
            for begin, end in (cut[i] for i in rng.permutation(len(cut))):
                batch = padded(source, some[begin:end], rng, spoken, joined)
                if hidden:
                    words = (batch.ids != CLS) & (batch.ids != SEP) & (batch.mask > 0)
                    untold = torch.from_numpy(rng.random(batch.ids.shape) < hidden)
                    batch.ids[words & untold] = MASK
                yield batch


def padded(
    source: Source, indices: NDArray[np.int64], rng: np.random.Generator, spoken: float, joined: float
) -> Batch:
    pieces: list[list[tuple[Tokens, int]]] = []
    for i in indices:
        rough = bool(source.spoken) and rng.random() < spoken
        pieces.append([(source.spoken[i] if rough else source.written[i], int(i))])
    if joined and rng.random() < joined and len(pieces) > 1:
        half = len(pieces) // 2
        pieces = [one + other for one, other in zip(pieces[:half], pieces[half : 2 * half], strict=True)]
    longest = 2 + max(sum(len(tokens.ids) for tokens, _ in parts) for parts in pieces)
    ids = np.zeros((len(pieces), longest), np.int64)
    mask = np.zeros_like(ids)
    kinds = np.full_like(ids, OTHER)
    measures = np.full((len(pieces), MEASURES), np.nan, np.float32)
    aside = np.full((len(pieces), GOEMOTIONS + XED), np.nan, np.float32)
    words = np.full((len(pieces), longest, MEASURES), np.nan, np.float32)
    tags = np.zeros((len(pieces), longest, len(TAGS)), np.float32)
    for row, parts in enumerate(pieces):
        at = 1
        ids[row, 0] = CLS
        for tokens, i in parts:
            end = at + len(tokens.ids)
            ids[row, at:end], kinds[row, at:end] = tokens.ids, tokens.shapes
            words[row, at:end] = source.measures[i]
            words[row, at:end, TOXIC] = _toxic(source.measures[i, TOXIC], tokens)
            if tokens.allowed is not None:
                tags[row, at:end] = tokens.allowed
            at = end
        ids[row, at], mask[row, : at + 1] = SEP, 1
        if len(parts) == 1:  # what two texts together express, nobody was asked
            measures[row], aside[row] = source.measures[parts[0][1]], source.aside[parts[0][1]]
    return Batch(*map(torch.from_numpy, (ids, mask, kinds, measures, aside, words, tags)))


def given(texts: Sequence[Tokens]) -> dict[str, NDArray[np.int64]]:
    """Some texts as the exported network takes them."""
    longest = 2 + max(len(text.ids) for text in texts)
    ids, mask, kinds = np.zeros((3, len(texts), longest), np.int64)
    for row, text in enumerate(texts):
        count = len(text.ids)
        ids[row, : count + 2] = [CLS, *text.ids, SEP]
        kinds[row, 1 : count + 1], mask[row, : count + 2] = text.shapes, 1
    return {"ids": ids, "mask": mask, "shapes": kinds}


def _toxic(passage: NDArray[np.float32], tokens: Tokens) -> NDArray[np.float32]:
    """(tokens, 6): all of a clean text is clean; of another, what was marked is as toxic as the whole."""
    if tokens.marked is not None:
        return passage[None] * tokens.marked[:, None]
    clean = np.where(passage < 0.1, passage, np.nan)  # NaN stays NaN
    return np.repeat(clean[None], len(tokens.ids), 0)


def _cuts(lengths: list[int], most_tokens: int) -> Iterator[tuple[int, int]]:
    begin = 0
    for end in range(1, len(lengths) + 1):
        if end == len(lengths) or (end + 1 - begin) * lengths[end] > most_tokens:
            yield begin, end
            begin = end


def softened(source: Source, soft: Mapping[str, NDArray[np.float16]], hard: float) -> None:
    """Let what the teacher says of a source's first texts stand where no rater said anything, and count
    beside what one did."""
    if source.name not in soft:
        return
    said = soft[source.name].astype(np.float32)
    rated = source.measures[: len(said), EXPRESSED]
    rated[:] = np.where(np.isnan(rated), said, hard * rated + (1 - hard) * said)
