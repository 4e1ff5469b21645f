"""The language network trained in `training/language`."""

from collections.abc import Sequence

from tokenizers import Encoding

OTHER, LOWER, CAPITAL, UPPER, MIXED, DIGITS = range(6)
"""The shapes of a word. The network's vocabulary knows no capitals: WHY and why, Apple and apple."""


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


def shapes(text: str, encoding: Encoding) -> Sequence[int]:
    """The shape of the word that each token is of."""
    offsets, words = encoding.offsets, encoding.word_ids
    begin, end = {}, {}
    for word, (first, last) in zip(words, offsets, strict=True):
        begin.setdefault(word, first)
        end[word] = last
    known = {word: OTHER if word is None else shape(text[begin[word] : end[word]]) for word in begin}
    return [known[word] for word in words]
