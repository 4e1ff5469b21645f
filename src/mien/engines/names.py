"""Names in a text, from what a network takes each of its words for."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from mien.engines.onnx import calls
from mien.types import Entity, Interval, ScoreTable

TOGETHER = 4096
"""Words of several texts that are looked at in one go, padding included."""

UNLIKELY = 1e-6
"""No word is less likely to be something: what comes before and after it may know better."""

_JOINS = re.compile(
    r"a|an|the|and|or|nor|but|so|if|as|at|by|for|from|in|into|of|off|on|onto|out|over|per|than|then|to|up"
    r"|via|with|that|this|these|those|is|are|was|were|be|been|am"
)
"""Words with which no name begins or ends, unless they are written large: Up, The Who, Vitamin A."""

_HANDLE = re.compile(r"(?<!\w)@\w+")

_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w|(?<!\w)(?:\w+://|www\.)\S+")
"""Of mail or a page: what stands in it names nobody."""

_STAYS = re.compile(
    r"(?<![\w'’])(?:Bros|Capt|Co|Corp|Dept|Dr|Esq|Inc|Jr|Lt|Ltd|Mt|No|Prof|Sgt|Sr|St|Univ|vs|\w)\.\Z|\w#\Z",
    re.IGNORECASE,
)
"""How a name may end in a sign: Acme Inc., Washington D.C., C#."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a sign of a text."""

    begin: int
    end: int
    kind: str
    """What it names or helps to name; empty for nothing."""
    begins: bool
    """Whether the name begins with it, rather than before it."""
    sure: float


def given_each_other(alone: Sequence[ScoreTable], follows: ScoreTable) -> list[ScoreTable]:
    """What the words of some texts are, in view of those before and after them: probabilities (words, tags)
    of each text, from what each word would be by itself (words, tags), and how well the tag of a row is
    followed by that of a column (tags, tags; logarithms). The first tag, of no name, stands before and after
    a text.

    A linear chain (Lafferty et al., ICML 2001), summed up forwards and backwards.
    """
    found = list(alone)
    turns = np.exp(follows - follows.max())
    for call in calls([len(text) for text in alone], TOGETHER):
        own = np.zeros((len(alone[call[0]]), len(call), len(follows)), np.float32)
        own[..., 0] = 1  # beyond its end, a text has words of no name
        for row, k in enumerate(call):
            own[: len(alone[k]), row] = np.maximum(alone[k], UNLIKELY)
        likely, come = np.empty_like(own), turns[0]
        for here, word in zip(likely, own, strict=True):
            here[:] = _shares(come * word)
            come = here @ turns
        come = turns[:, 0]
        for here, word in zip(likely[::-1], own[::-1], strict=True):
            here[:] = _shares(here * come)
            come = _shares((come * word) @ turns.T)
        for row, k in enumerate(call):
            found[k] = likely[: len(alone[k]), row]
    return found


def _shares(values: ScoreTable) -> ScoreTable:
    shares: ScoreTable = values / values.sum(-1, keepdims=True)
    return shares


def entities(text: str, words: Iterable[Word]) -> Iterator[Entity]:
    """The names that words of a text make up, each as sure as its words are on average."""
    name: list[Word] = []
    for word in _with_handles(text, [_with_marks(text, word) for word in _without_addresses(text, words)]):
        if name and not _goes_on(text, name, word):
            yield from _entity(text, name)
            name = []
        if word.kind:
            name.append(word)
    yield from _entity(text, name)


def _without_addresses(text: str, words: Iterable[Word]) -> Iterator[Word]:
    addresses = [address.span() for address in _ADDRESS.finditer(text)]
    for word in words:
        yield replace(word, kind="") if any(a <= word.begin < b for a, b in addresses) else word


def _with_marks(text: str, word: Word) -> Word:
    """A word with the marks after its last letter, which vocabularies drop."""
    end = word.end
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return word if end == word.end else replace(word, end=end)


def _with_handles(text: str, words: Sequence[Word]) -> Iterator[Word]:
    """The words, and each @ part of the name that it stands before."""
    for word, after in pairwise([*words, *words[-1:]]):
        is_handle = _HANDLE.match(text, word.begin)
        yield replace(word, kind=after.kind, begins=True, sure=after.sure) if is_handle else word


def _goes_on(text: str, name: Sequence[Word], word: Word) -> bool:
    """Whether a word belongs to the name before it: networks like to begin anew in the middle of one (New
    York, City). Each @ is somebody else, though, and a list has a name a cell or a line: a tab ends a name,
    and the end of a line ends one that it began with."""
    before = name[-1]
    if word.kind != before.kind or _HANDLE.match(text, word.begin):
        return False
    gap = text[before.end : word.begin]
    if "\t" in gap:
        return False
    if "\n" in gap and not any(
        map(str.isalnum, text[text.rfind("\n", 0, name[0].begin) + 1 : name[0].begin])
    ):
        return False
    return not word.begins or not (gap.strip() or "\n" in gap)


def _entity(text: str, name: Sequence[Word]) -> Iterator[Entity]:
    """The name without what is left over at its ends; none if that is all."""
    while name and _is_left_over(text, name[0]) and not _HANDLE.match(text, name[0].begin):
        name = name[1:]
    while name and _is_left_over(text, name[-1]) and not _may_end(text[name[0].begin : name[-1].end]):
        name = name[:-1]
    if name:
        begin, end = name[0].begin, name[-1].end
        if handle := _HANDLE.match(text, begin):
            end = max(end, handle.end())  # words end where a vocabulary ends them: before the _ of @anna_
        sure = min(1.0, sum(word.sure for word in name) / len(name))
        yield Entity(text=text[begin:end], position=Interval(begin, end), kind=name[0].kind, confidence=sure)


def _is_left_over(text: str, word: Word) -> bool:
    said = text[word.begin : word.end]
    return bool(_JOINS.fullmatch(said)) or all(unicodedata.category(sign).startswith("P") for sign in said)


def _may_end(name: str) -> bool:
    """Whether a name may end in the sign that it ends in."""
    closes = {")": "(", "]": "["}.get(name[-1])
    return bool(_STAYS.search(name)) or (closes is not None and name.count(closes) == name.count(name[-1]))
