"""Print every figure of the card, from the shipped network.

    python -m training.language.evaluate --data DATA [--part development]

Texts are read by the engine itself, so that what is measured is what is served. Rated texts of the part
`test`, GoEmotions' dev, and the held-out parts of the other sources had no part in training nor in any choice.
"""

import argparse
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from sklearn.metrics import f1_score, roc_auc_score

from mien.engines.onnx import calls
from mien.engines.textnet import KINDS, TAGS, TextNet
from mien.labels import SENTIMENT, SPOKEN_EXPRESSIONS, TOXICITY
from mien.types import Interval, Passage, ReadText
from training.language import data as sources
from training.language.corpus import as_spoken, given, tagged_tokens, tokenized
from training.language.data import GOEMOTIONS, Tagged

Floats = NDArray[np.float64]
Name = tuple[int, int, str]
"""First word, the word after the last, and the kind."""

SHIPPED = Path(__file__).parents[2] / "src" / "mien" / "weights" / "language.onnx"
DRAWS = 1000
TEMPLATES = Path(__file__).with_name("identities.txt")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--part", default="test", choices=["test", "development"])
    wanted = parser.parse_args()
    engine = TextNet(wanted.model, wanted.model.with_suffix(".vocabulary.json"), 0)
    raw = Raw(wanted.model, engine)
    expressions(engine, wanted.data, wanted.part)
    if wanted.part == "test":
        goemotions(raw, wanted.data)
        sentiment(engine, wanted.data)
        toxicity(engine, wanted.data)
        entities(engine, raw, wanted.data)
        identities(engine)
        page(engine)


class Raw:
    """Outputs that are not served."""

    def __init__(self, model: Path, engine: TextNet) -> None:
        self.tokenizer = engine._tokenizer
        self._session = InferenceSession(str(model), providers=["CPUExecutionProvider"])

    def read(self, texts: Sequence[Any], name: str) -> list[Floats]:
        """One output for each text that is given as tokens."""
        found: list[Floats] = [np.empty(0)] * len(texts)
        for call in calls([len(text.ids) + 2 for text in texts], 4096):
            (out,) = self._session.run([name], given([texts[k] for k in call]))
            for row, k in enumerate(call):
                found[k] = out[row]
        return found


def read(engine: TextNet, texts: Sequence[str], words: bool = False) -> list[ReadText]:
    """Each text as one passage; with its words, parted at white space, if they are wanted."""
    passages = []
    for text in texts:
        at, parts = 0, []
        for word in text.split() if words else ():
            at = text.index(word, at)
            parts.append(Passage(position=Interval(at, at + len(word)), text=word))
            at += len(word)
        passages.append(Passage(position=Interval(0, len(text)), text=text, words=tuple(parts)))
    return engine.read_texts(passages)


def expressions(engine: TextNet, data: Path, part: str) -> None:
    rated = [text for text in sources.rated(data) if text.part == part]
    texts = [text.text for text in rated]
    real = np.array([text.target for text in rated], np.float64)
    found_texts = read(engine, texts, words=True)
    found = np.array([one.scores.expressions[0] for one in found_texts], np.float64)
    print(f"\n53 expressions, {len(rated)} {part} texts")
    with_range("mean correlation over names", correlation, found, real)
    with_range("first name among the raters' first three", first_in_three, found, real)
    spoken = np.array(
        [one.scores.expressions[0] for one in read(engine, [as_spoken(text) for text in texts])]
    )
    print(
        f"  the same texts without capitals and signs: {correlation(spoken, real):.3f}, {first_in_three(spoken, real):.3f}"
    )
    origin = [where(text, data) for text in texts]
    for name in ("Reddit comments", "subtitles", "written for the purpose"):
        rows = np.array([one == name for one in origin])
        some = prevalent(real[rows], 0.004)
        print(
            f"  {name} ({rows.sum()}): correlation {correlation(found[rows][:, some], real[rows][:, some]):.3f}"
            f" over {some.sum()} names, first in three {first_in_three(found[rows], real[rows]):.3f}"
        )
    means = np.array([one.scores.expressions[1:].mean(0) for one in found_texts])
    print(
        f"  means of words against the raters: {correlation(means, real):.3f}; against their texts: {correlation(means, found):.3f}"
    )
    steps = [
        np.corrcoef(one.scores.expressions[1:-1].ravel(), one.scores.expressions[2:].ravel())[0, 1]
        for one in found_texts
        if len(one.scores.expressions) > 4
    ]
    print(f"  neighbouring words: correlation {np.mean(steps):.2f}")
    print(
        f"  highest score: median {np.median(found.max(1)):.2f}; sum: median {np.median(found.sum(1)):.2f} (raters {np.median(real.max(1)):.2f}, {np.median(real.sum(1)):.2f})"
    )
    flat = real.max(1) < 0.1
    print(
        f"  {flat.sum()} texts of which no rater says anything (no name reaches .1): highest score, median {np.median(found[flat].max(1)):.2f}"
    )
    print("  scores and shares of raters:")
    for low, high in pairwise([0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.01]):
        inside = (found >= low) & (found < high)
        if inside.any():
            print(
                f"    {low:4.2f}–{min(high, 1):4.2f}: mean {found[inside].mean():.3f}, raters {real[inside].mean():.3f}, {inside.sum():,} cases"
            )
    print(
        "  name: correlation [95 %], texts that it reaches .1 in, mean share, mean score, most confused with"
    )
    draws = [np.random.default_rng(i).integers(0, len(real), len(real)) for i in range(200)]
    for j, name in enumerate(SPOKEN_EXPRESSIONS):
        low, high = np.nanpercentile([pearson(found[draw, j], real[draw, j]) for draw in draws], [2.5, 97.5])
        wrong = (found.argmax(1) == j) & (real.argmax(1) != j)
        others = (
            np.bincount(real[wrong].argmax(1), minlength=len(SPOKEN_EXPRESSIONS))
            if wrong.any()
            else np.zeros(1)
        )
        most = SPOKEN_EXPRESSIONS[others.argmax()] if wrong.any() else ""
        print(
            f"    | {name} | {pearson(found[:, j], real[:, j]):.2f} [{low:.2f}, {high:.2f}] | {(real[:, j] >= 0.1).sum()}"
            f" | {real[:, j].mean():.3f} | {found[:, j].mean():.3f} | {most} |"
        )


def goemotions(raw: Raw, data: Path) -> None:
    texts = sources.goemotions(data)
    found = np.array(raw.read([tokenized(text.text, raw.tokenizer, 126) for text in texts], "aside"))[
        :, :GOEMOTIONS
    ]
    labels = np.array([text.target for text in texts])
    parts = np.array([text.part for text in texts])
    choosing, test = parts == "development", parts == "test"
    grid = np.arange(0.04, 0.7, 0.02)
    thresholds = [
        grid[
            np.argmax(
                [f1_score(labels[choosing, j], found[choosing, j] > at, zero_division=0) for at in grid]
            )
        ]
        for j in range(GOEMOTIONS)
    ]
    names = (data / "text" / "goemotions" / "labels.txt").read_text("utf-8").split()
    each = [
        f1_score(labels[test, j], found[test, j] > thresholds[j], zero_division=0) for j in range(GOEMOTIONS)
    ]
    print(
        f"\nGoEmotions dev, {test.sum()} comments, 28 labels: macro-F1 {np.mean(each):.3f} (thresholds from 6 % of its train, {choosing.sum()})"
    )
    print("  " + ", ".join(f"{name} {score:.2f}" for name, score in zip(names, each, strict=True)))


def sentiment(engine: TextNet, data: Path) -> None:
    texts = [text for text in sources.sentiment(data) if text.part == "test"]
    found = np.array([one.scores.sentiment[0] for one in read(engine, [text.text for text in texts])])
    mean = found @ np.arange(1, 10)
    real = np.array([text.target[0] for text in texts])
    print(
        f"\nsentiment, {len(texts)} held-out sentences: correlation of the mean with the raters' {np.corrcoef(mean, real)[0, 1]:.3f}"
    )
    kinds = np.array([text.text for text in texts])
    origins = {
        path.stem.split("_")[0]: path.read_text("utf-8", errors="replace")
        for path in sorted((data / "text" / "sentiment" / "vader").glob("*_GroundTruth.txt"))
    }
    for name, content in origins.items():
        rows = np.array([text.replace('"', "''") in content or text in content for text in kinds])
        if rows.sum() > 10:
            print(f"  {name} ({rows.sum()}): {np.corrcoef(mean[rows], real[rows])[0, 1]:.3f}")
    assert len(SENTIMENT) == found.shape[1]


def toxicity(engine: TextNet, data: Path) -> None:
    texts = [text for text in sources.toxicity(data) if text.part == "test"]
    found = np.array([one.scores.toxicity[0] for one in read(engine, [text.text for text in texts])])
    real = np.array([text.target for text in texts])
    print(
        f"\ntoxicity, {len(texts)} held-out comments: area under the curve (half of the annotators or more, against none)"
    )
    for j, name in enumerate(TOXICITY):
        yes, no = real[:, j] >= 0.5, real[:, j] == 0
        print(
            f"  {name}: {roc_auc_score(yes[yes | no], found[yes | no, j]):.3f} ({yes.sum()} against {no.sum()})"
        )


def entities(engine: TextNet, raw: Raw, data: Path) -> None:
    """Wikigold as names are served; the others by the network's tags: WNUT-17 tells companies from teams and
    bands, and BTC takes an @ for a name of its own."""
    print("\nentities, whole and of the right kind")
    tagged = [one for one in sources.entities(data) if one.part == "test"]
    for source in ("wnut17", "wikigold", "btc"):
        some = [one for one in tagged if one.source == source]
        tags = raw.read([tagged_tokens(one, raw.tokenizer, 126) for one in some], "tags")
        found = [named(_words(one, out, raw), source) for one, out in zip(some, tags, strict=True)]
        real = [named([TAGS[row.argmax()] for row in one.allowed], source) for one in some]
        print(f"  {source} ({len(some)} sentences), by tags: {scored(found, real)}")
        if source == "wikigold":
            found = [_served(one, text) for one, text in zip(some, read(engine, _texts(some)), strict=True)]
            print(f"  {source}, as served: {scored(found, real)}")
        for kind in sorted({kind for names in real for *_, kind in names}):
            only = [
                [{name for name in names if name[2] == kind} for names in table] for table in (found, real)
            ]
            print(f"    {kind}: {scored(*only)}")


def _texts(tagged: Sequence[Tagged]) -> list[str]:
    return [" ".join(one.words) for one in tagged]


def _served(one: Tagged, found: ReadText) -> set[Name]:
    """The names found in a sentence of wikigold, by its words."""
    begins = np.cumsum([0, *(len(word) + 1 for word in one.words)])
    names = set()
    for entity in found.find_entities():
        if kind := _AS_MARKED["wikigold"].get(entity.kind, entity.kind):
            first = int(np.searchsorted(begins, entity.position.begin, side="right")) - 1
            names.add((first, int(np.searchsorted(begins, entity.position.end)), kind))
    return names


def _words(one: Tagged, tags: Floats, raw: Raw) -> list[str]:
    """The tag of each word, by its first token."""
    encoding = raw.tokenizer.encode(" ".join(one.words), add_special_tokens=False)
    starts = np.cumsum([0, *(len(word) + 1 for word in one.words[:-1])])
    begins = [begin for begin, _ in encoding.offsets]
    found = []
    for start, word in zip(starts, one.words, strict=True):
        at = int(np.searchsorted(begins, start))
        inside = at < min(len(begins), len(tags) - 2) and begins[at] < start + len(word)
        found.append(TAGS[tags[at + 1].argmax()] if inside else "O")
    return found


_THREE = {"CORPORATION": "ORG", "GROUP": "ORG", "ORGANIZATION": "ORG"} | dict.fromkeys(
    ("PRODUCT", "WORK", "EVENT", "MISC"), ""
)
_AS_MARKED: dict[str, dict[str, str]] = {
    "wnut17": {"EVENT": "", "MISC": ""},
    "wikigold": _THREE,
    "btc": _THREE,
}
"""What a source calls our kinds; "" is not counted. Of wikigold and BTC that is all but PER, ORG and LOC."""


def named(tags: Sequence[str], source: str) -> set[Name]:
    """Names as first word, last word and kind."""
    found, begin, kind = set(), 0, ""
    for i, tag in enumerate([*tags, "O"]):
        if kind and tag != f"I-{kind}":
            called = _AS_MARKED[source].get(kind, kind)
            if called:
                found.add((begin, i, called))
            kind = ""
        if tag != "O" and not kind:
            begin, kind = i, tag[2:]
    assert set(KINDS) >= {tag[2:] for tag in tags if tag != "O"}
    return found


def scored(found: Sequence[set[Any]], real: Sequence[set[Any]]) -> str:
    hits = sum(len(one & other) for one, other in zip(found, real, strict=True))
    precision, recall = hits / max(1, sum(map(len, found))), hits / max(1, sum(map(len, real)))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"F1 {f1:.3f} (precision {precision:.2f}, recall {recall:.2f}, {sum(map(len, real))} names)"


def identities(engine: TextNet) -> None:
    """Sentences that differ in one word, which names a group of people."""
    lines = TEMPLATES.read_text("utf-8").splitlines()
    groups = [line for line in lines if line and not line.startswith(("+", "-"))]
    print(f"\nidentity terms: {len(groups)} groups in sentences that are kind or plain (+), and hostile (-)")
    for sign, what in (("+", "kind or plain"), ("-", "hostile")):
        templates = [line[1:].strip() for line in lines if line.startswith(sign)]
        found = read(engine, [template.format(group) for group in groups for template in templates])
        toxic, hateful = (
            np.array([one.scores.toxicity[0, TOXICITY.index(name)] for one in found]).reshape(len(groups), -1)
            for name in ("toxic", "identity_hate")
        )
        felt = np.array([one.scores.sentiment[0] @ np.arange(1, 10) for one in found]).reshape(
            len(groups), -1
        )
        print(
            f"  {what}: toxic, median {np.median(toxic):.3f}; identity_hate, median {np.median(hateful):.3f},"
            f" highest group {hateful.mean(1).max():.2f}; sentiment, mean {felt.mean():.2f}"
        )
        order = np.argsort(-toxic.mean(1))
        print("    toxic, by group: " + ", ".join(f"{groups[i]} {toxic[i].mean():.2f}" for i in order))
        print(
            "    sentiment, lowest and highest: "
            + ", ".join(f"{groups[i]} {felt[i].mean():.2f}" for i in np.argsort(felt.mean(1))[[0, 1, -2, -1]])
        )


def page(engine: TextNet) -> None:
    """Sentences of our own with their first five names, for a person to read."""
    texts = Path(__file__).with_name("sentences.txt").read_text("utf-8").splitlines()
    print("\nsentences and their first five names")
    for text, one in zip(texts, read(engine, texts), strict=True):
        shares = one.scores.expressions[0]
        first = ", ".join(f"{SPOKEN_EXPRESSIONS[j]} {shares[j]:.2f}" for j in np.argsort(-shares)[:5])
        mean = one.scores.sentiment[0] @ np.arange(1, 10)
        print(f"  | {text} | {first} | {mean:.1f} | {one.scores.toxicity[0, 0]:.2f} |")


# ── measures


def pearson(one: Floats, other: Floats) -> float:
    if one.std() == 0 or other.std() == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def correlation(found: Floats, real: Floats) -> float:
    return float(np.nanmean([pearson(found[:, j], real[:, j]) for j in range(real.shape[1])]))


def first_in_three(found: Floats, real: Floats) -> float:
    third = np.maximum(np.sort(real, 1)[:, -3], 1e-6)
    said = real.max(1) > 0
    return float((real[np.arange(len(real)), found.argmax(1)] >= third)[said].mean())


def prevalent(real: Floats, least: float) -> NDArray[np.bool_]:
    return np.asarray(real.mean(0) >= least)


def with_range(what: str, measure: Callable[[Floats, Floats], float], found: Floats, real: Floats) -> None:
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(real), len(real)) for _ in range(DRAWS // 5)]
    low, high = np.percentile([measure(found[draw], real[draw]) for draw in draws], [2.5, 97.5])
    print(f"  {what}: {measure(found, real):.3f} [{low:.3f}, {high:.3f}]")


_WHERE: dict[str, str] = {}


def where(text: str, data: Path) -> str:
    if not _WHERE:
        for name in ("texts53.tsv", "written53.tsv"):
            for row in sources._rows(data / "ratings" / name):
                kind = {"goemotions": "Reddit comments", "xed": "subtitles"}.get(
                    row["source"], "written for the purpose"
                )
                _WHERE[sources._unquoted(row["text"])] = kind
    return _WHERE[text]


if __name__ == "__main__":
    main()
