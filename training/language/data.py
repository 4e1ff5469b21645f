"""The texts that the language network learns from, each with what is known of it.

    python -m training.language.data --data DATA        how many there are

DATA is a folder with `ratings/texts53.tsv`, `ratings/written53.tsv`, and `text/` (GoEmotions, XED, the
rated sentences of VADER, toxicity, entities), as `training/README.md` lists it.

Rated texts are split by a hash of what they say: `TEST` is for reporting alone, `DEVELOPMENT` for choosing
and calibrating. A text held out from the ratings is held out from every other source too.
"""

import argparse
import csv
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.engines.textnet import TAGS
from mien.labels import SPOKEN_EXPRESSIONS, TOXICITY

Part: TypeAlias = Literal["train", "development", "test"]
Shares: TypeAlias = NDArray[np.float32]

TEST, DEVELOPMENT = 12, 18
"""Per cent of rated texts below which a text is for reporting, and for choosing."""

GOEMOTIONS = 28
XED = 9
"""Eight emotions, and that there is none."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text and what is known of it; NaN where nothing is."""

    text: str
    part: Part
    target: Shares = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tagged:
    """Words with what they name. `allowed` (words, TAGS) says which tags agree with the annotation:
    sources know different kinds."""

    words: tuple[str, ...]
    part: Part
    allowed: NDArray[np.bool_] = field(repr=False)
    source: str


def plain(text: str) -> str:
    """What two texts share that say the same."""
    return re.sub(r"[^\w]+", " ", text.lower()).strip()


@cache
def rated(data: Path) -> tuple[Text, ...]:
    """Texts with 53 shares of raters: given ones, and `rated.tsv` of ours, to learn from alone."""
    given = rated_before(data)
    known = {plain(text.text) for text in given}
    return (*given, *(text for text in _written() if plain(text.text) not in known))


def rated_before(data: Path) -> list[Text]:
    """The given ones alone."""
    return [
        Text(
            _unquoted(row["text"]),
            _part(row["text"]),
            np.array([float(row[name]) / 100 for name in SPOKEN_EXPRESSIONS], np.float32),
        )
        for name in ("texts53.tsv", "written53.tsv")
        for row in _rows(data / "ratings" / name)
    ]


@cache
def rated_here() -> dict[str, Shares]:
    """The 53 shares of texts of other sources that we rated, by `key` of what they say: `real.tsv`. The texts
    themselves are not ours."""
    lines = Path(__file__).with_name("real.tsv").read_text("utf-8").splitlines()
    return {name: _shares(said) for name, _, said in (line.partition("\t") for line in lines)}


def key(text: str) -> str:
    """What `rated_here` knows a text by."""
    return hashlib.blake2b(plain(text).encode(), digest_size=6).hexdigest()


@cache
def held_out(data: Path) -> frozenset[str]:
    """What the rated texts say that are not for training."""
    return frozenset(plain(text.text) for text in rated(data) if text.part != "train")


def goemotions(data: Path) -> list[Text]:
    """Reddit comments with 28 labels, each 0 or 1. The part `test` is what the corpus calls dev; of its
    train, six per cent are kept for choosing thresholds."""
    without = held_out(data)
    found: list[Text] = []
    parts: tuple[tuple[str, Part], ...] = (("train", "train"), ("dev", "test"))
    for name, part in parts:
        for line in filter(
            None, (data / "text" / "goemotions" / f"{name}.tsv").read_text("utf-8").split("\n")
        ):
            text, labels, _ = line.split("\t")
            if part == "test" or plain(text) not in without:
                where = part if part == "test" else _fold(text, 0, 6)
                found.append(Text(text, where, _hot(map(int, labels.split(",")), GOEMOTIONS)))
    return found


def xed(data: Path) -> list[Text]:
    """Subtitles with Plutchik's eight emotions, or none."""
    without = held_out(data)
    folder = data / "text" / "xed"
    lines = [
        line.rsplit("\t", 1) for line in (folder / "en-annotated.tsv").read_text("utf-8").split("\n") if line
    ]
    labelled = [(text, [int(label) - 1 for label in labels.split(",")]) for text, labels in lines]
    neutral = (
        line.split("\t", 1)[1] for line in (folder / "neu_en.txt").read_text("utf-8").split("\n") if line
    )
    labelled += [(text, [XED - 1]) for text in neutral]
    return [
        Text(text.strip(), _fold(text, 6, 0), _hot(labels, XED))
        for text, labels in labelled
        if plain(text) and plain(text) not in without
    ]


def sentiment(data: Path) -> list[Text]:
    """Sentences with the mean valence that 20 people gave them, -4 to 4, as one number. A review or
    editorial lies whole in one part."""
    without = held_out(data)
    found = []
    for path in sorted((data / "text" / "sentiment" / "vader").glob("*_GroundTruth.txt")):
        for line in filter(None, path.read_text("utf-8", errors="replace").split("\n")):
            number, valence, text = line.split("\t", 2)
            part = _fold(f"{path.stem} {number.split('_')[0]}", 15, 20)
            if plain(text) not in without:
                found.append(
                    Text(text.replace("''", '"').strip(), part, np.array([float(valence)], np.float32))
                )
    return found


def toxicity(data: Path) -> list[Text]:
    """Comments with the share of annotators who found each of the six in them; NaN where not asked.

    Toxic Spans has annotators mark what is an insult, profane, a threat, an attack on an identity.
    `severe_toxic` is nobody's label: here it is the share who marked a threat, an attack on an identity,
    or both an insult and profanity; for Davidson's tweets, the share who called them hate speech.
    Comments of GoEmotions that are kind and hold no word of the profanity list count as clean. Sentences of
    ours are last: `threats.txt`, few comments being any, and `toxicity.tsv`, of what comments have little of:
    promises, quotes and denials, anger at things, groups of people plainly named.
    """
    folder = data / "text" / "toxicity"
    spans = _toxic_spans(folder / "toxic_spans" / "data")
    return [*spans, *_davidson(folder), *_surge(folder), *_kind(data), *toxicity_written()]


def toxic_words(data: Path) -> dict[str, list[tuple[int, int]]]:
    """For each comment of Toxic Spans: the characters that at least half of its annotators marked."""
    folder = data / "text" / "toxicity" / "toxic_spans" / "data"
    texts = {row["comment_id"]: row["comment_text"] for row in _table(folder / "comments.csv")}
    who: dict[str, list[str]] = defaultdict(list)
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in _table(folder / "annotations.csv"):
        who[row["comment_id"]].append(row["annotation"])
    for row in _table(folder / "spans.csv"):
        spans[row["annotation"]].append((int(row["start"]), int(row["end"])))
    found = {}
    for comment, annotations in who.items():
        votes = np.zeros(len(texts[comment]) + 1)
        for annotation in annotations:
            marked = np.zeros_like(votes)
            for begin, end in spans[annotation]:
                marked[begin:end] = 1
            votes += marked
        edges = np.flatnonzero(np.diff(np.r_[0, votes * 2 >= len(annotations), 0]))
        found[texts[comment]] = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return found


def entities(data: Path) -> list[Tagged]:
    """Sentences with names. WNUT-17's dev and every third article of wikigold are for reporting; the prose
    written here teaches how tags follow each other, and nothing else."""
    folder = data / "text" / "ner"
    found = [
        *_conll(folder / "wnut17" / "train.conll", "wnut17", lambda article, words: "train"),
        *_conll(folder / "wnut17" / "dev.conll", "wnut17", lambda article, words: "test"),
    ]
    for path in sorted((folder / "btc").glob("*.conll")):
        found += _conll(path, "btc", lambda article, words: _fold(" ".join(words), 5, 0))
    found += _conll(
        folder / "wikigold" / "wikigold.conll.txt",
        "wikigold",
        lambda article, words: "test" if article % 3 == 2 else "train",
    )
    here = Path(__file__).parent
    found += [_bracketed(line, "written", "train") for line in _lines(here / "entities.txt")]
    found += [_bracketed(line, "prose", "development") for line in _lines(here / "prose.txt")]
    return found


# ── how sources write things down


def _written() -> Iterator[Text]:
    for line in Path(__file__).with_name("rated.tsv").read_text("utf-8").splitlines():
        text, _, said = line.partition("\t")
        yield Text(text, "train", _shares(said))


def _shares(said: str) -> Shares:
    """`Name score, Name score, …`"""
    shares = np.zeros(len(SPOKEN_EXPRESSIONS), np.float32)
    for one in filter(None, said.split(", ")):
        name, _, score = one.rpartition(" ")
        shares[SPOKEN_EXPRESSIONS.index(name)] = float(score) / 100
    return shares


def _part(text: str) -> Part:
    return _fold(text, TEST, DEVELOPMENT)


def _fold(key: str, test: int, development: int) -> Part:
    number = int.from_bytes(hashlib.blake2b(plain(key).encode(), digest_size=4).digest()) % 100
    return "test" if number < test else "development" if number < development else "train"


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        yield from csv.DictReader(file)


def _unquoted(text: str) -> str:
    """Some ratings carry the quotes of a spreadsheet."""
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def _hot(labels: Iterable[int], count: int) -> Shares:
    target = np.zeros(count, np.float32)
    target[list(labels)] = 1
    return target


def _toxic_spans(folder: Path) -> Iterator[Text]:
    kinds = {"Insult": "insult", "Profane/Obscene": "obscene", "Threat": "threat"}
    kinds |= {"Identity based Attack": "identity_hate", "Identity based": "identity_hate", "Insu": "insult"}
    marked: dict[str, set[str]] = defaultdict(set)
    for row in _table(folder / "spans.csv"):
        marked[row["annotation"]].add(kinds.get(row["type"], "other"))
    votes: dict[str, list[Shares]] = defaultdict(list)
    for row in _table(folder / "annotations.csv"):
        found = marked[row["annotation"]]
        severe = bool(found & {"threat", "identity_hate"}) or {"insult", "obscene"} <= found
        vote = {"toxic": row["not toxic"] == "False", "severe_toxic": severe}
        vote |= {name: name in found for name in TOXICITY[2:]}
        votes[row["comment_id"]].append(np.array([vote[name] for name in TOXICITY], np.float32))
    for row in _table(folder / "comments.csv"):
        yield Text(
            row["comment_text"], _fold(row["comment_text"], 12, 0), np.mean(votes[row["comment_id"]], axis=0)
        )


def _davidson(folder: Path) -> Iterator[Text]:
    for row in _table(folder / "davidson" / "data" / "labeled_data.csv"):
        count, hate, offensive = (float(row[name]) for name in ("count", "hate_speech", "offensive_language"))
        target = dict.fromkeys(TOXICITY, np.nan) | {
            "toxic": (hate + offensive) / count,
            "severe_toxic": hate / count,
            "identity_hate": hate / count,
        }
        if row["class"] == "2":
            target |= dict.fromkeys(("obscene", "threat", "insult"), 0.0)
        text = re.sub(r"&#?\w+;", " ", row["tweet"])
        yield Text(text, _fold(text, 12, 0), np.array(list(target.values()), np.float32))


def _surge(folder: Path) -> Iterator[Text]:
    for row in _table(folder / "surge_toxicity" / "toxicity_en.csv"):
        toxic = row["is_toxic"] == "Toxic"
        target = np.full(len(TOXICITY), np.nan if toxic else 0, np.float32)
        target[0] = toxic
        yield Text(row["text"], _fold(row["text"], 40, 0), target)


def toxicity_written() -> list[Text]:
    """The sentences of ours."""
    rated = Path(__file__).with_name("toxicity.tsv").read_text("utf-8").splitlines()
    return [
        *_threats(),
        *(
            Text(text, "train", np.array([_percent(one) for one in said.split()], np.float32) / 100)
            for text, _, said in (line.partition("\t") for line in rated)
        ),
    ]


def _percent(said: str) -> float:
    return np.nan if said == "-" else float(said)  # which nothing is learned of


def _threats() -> Iterator[Text]:
    for line in Path(__file__).with_name("threats.txt").read_text("utf-8").splitlines():
        target = np.full(len(TOXICITY), np.nan, np.float32)
        target[TOXICITY.index("threat")] = line[0] == "+"
        yield Text(line[2:], "train", target)


def _kind(data: Path) -> Iterator[Text]:
    unkind = {2, 3, 9, 10, 11, 12, 14, 16, 24, 25}  # anger, annoyance, … sadness: may be rude
    rude = {row["text"].lower() for row in _table(data / "text/toxicity/surge_profanity/profanity_en.csv")}
    for text in goemotions(data):
        if text.part == "train" and not unkind & set(np.flatnonzero(text.target)):
            words = plain(text.text).split()
            if len(words) > 3 and not rude & set(words) and _fold(text.text, 25, 0) == "test":
                yield Text(text.text, "train", np.zeros(len(TOXICITY), np.float32))


_ALLOWED = {
    "wnut17": {
        "person": ["PERSON"],
        "location": ["LOCATION"],
        "corporation": ["CORPORATION"],
        "group": ["GROUP"],
        "product": ["PRODUCT"],
        "creative-work": ["WORK"],
        "": ["EVENT", "MISC"],
    },
    "btc": {
        "PER": ["PERSON"],
        "LOC": ["LOCATION"],
        "ORG": ["CORPORATION", "GROUP"],
        "": ["PRODUCT", "WORK", "EVENT", "MISC"],
    },
    "wikigold": {
        "PER": ["PERSON"],
        "LOC": ["LOCATION"],
        "ORG": ["CORPORATION", "GROUP"],
        "MISC": ["PRODUCT", "WORK", "EVENT", "MISC"],
        "": [],
    },
}
"""What each source calls a kind, and which of ours that can be; under "" what it does not mark at all."""


def _conll(path: Path, source: str, part_of: Callable[[int, list[str]], Part]) -> Iterator[Tagged]:
    words: list[str] = []
    labels: list[str] = []
    article = 0
    for line in [*path.read_text("utf-8", errors="replace").split("\n"), ""]:
        if line.strip():
            word, _, label = line.strip().replace("\t", " ").rpartition(" ")
            if not word:  # a word that somebody left without its label, or a label without its word
                continue
            words.append(word)
            labels.append(label)
        elif words == ["-DOCSTART-"]:
            article += 1
            words, labels = [], []
        elif words:
            before = ["O", *labels[:-1]]
            allowed = np.stack([_allowed(source, *pair) for pair in zip(labels, before, strict=True)])
            yield Tagged(tuple(words), part_of(article, words), allowed, source)
            words, labels = [], []


def _allowed(source: str, label: str, before: str) -> NDArray[np.bool_]:
    known = _ALLOWED[source]
    tags = np.zeros(len(TAGS), bool)
    if label == "O":
        tags[0] = True
        for kind in known[""]:
            tags[[TAGS.index(f"B-{kind}"), TAGS.index(f"I-{kind}")]] = True
        return tags
    place, kind = label.split("-", 1)
    if place == "I" and (before == "O" or before.split("-", 1)[1] != kind):
        place = "B"
    for ours in known[kind]:
        tags[TAGS.index(f"{place}-{ours}")] = True
    return tags


def _bracketed(line: str, source: str, part: Part) -> Tagged:
    """A sentence of ours: `[Ada Lovelace|PERSON] was born in [London|LOCATION].`"""
    words: list[str] = []
    rows = []
    for name, kind, word in re.findall(r"\[([^|\]]+)\|(\w+)\]|([^\s\[]+)", line):
        for i, said in enumerate((name or word).split()):
            words.append(said)
            kinds = ("CORPORATION", "GROUP") if kind == "ORGANIZATION" else (kind,)
            tags = [f"{'I' if i else 'B'}-{one}" for one in kinds] if name else ["O"]
            rows.append([tag in tags for tag in TAGS])
    allowed = np.array(rows)
    return Tagged(tuple(words), part, allowed, source)


def valence_shares(valence: NDArray[np.float32]) -> Shares:
    """(texts, 9): how 20 ratings with this mean are spread over -4 … 4.

    The sources give means alone. Single ratings of one sentence spread by about 1 (the lexicon of the
    same study, where they are given: .9 on average), so a bell of that width stands for them.
    """
    steps = np.arange(-4, 5)
    bell = np.exp(-((steps - valence.reshape(-1, 1)) ** 2) / (2 * 0.9**2))
    shares: Shares = (bell / bell.sum(1, keepdims=True)).astype(np.float32)
    return shares


def described(data: Path) -> str:
    """How many there are of each, as JSON."""
    counts = {}
    for source in (rated, goemotions, xed, sentiment, toxicity, entities):
        parts = [text.part for text in source(data)]  # type: ignore[operator]
        counts[source.__name__] = {part: parts.count(part) for part in ("train", "development", "test")}
    return json.dumps(counts, indent=1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    print(described(parser.parse_args().data))


if __name__ == "__main__":
    main()
