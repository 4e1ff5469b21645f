"""Passages of a text, or of what was said, with their positions in characters."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from mien.segments import Reading
from mien.segments.sentences import sentences, stripped
from mien.segments.speech import gap, joined, spans, speaker_sureness
from mien.types import Granularity, Interval, Passage, Word, sureness


@dataclass(frozen=True, slots=True)
class Passages:
    """Text by sentence (an utterance is one too) or as a whole, speech as `Spoken` cuts it; each with
    its words, so that all who want the same passages share one reading of them."""

    granularity: Granularity = "sentence"
    speakers: bool = False
    transcribed = True

    def segments(self, reading: Reading) -> Iterator[Passage]:
        _ = reading.reader  # a language that nobody reads is said before anything is cut
        text = reading.media.text
        return self._spoken(reading) if text is None else self._written(text)

    def _spoken(self, reading: Reading) -> Iterator[Passage]:
        at = 0
        for words in spans(reading, self.granularity, self.speakers):
            text = joined(words)
            yield Passage(
                position=Interval(at, at + len(text)),
                text=text,
                time=Interval(words[0].time.begin, words[-1].time.end),
                confidence=sureness(words),
                person=words[0].person,
                speaker_confidence=speaker_sureness(words),
                words=tuple(_said(words, at)),
            )
            at += len(text) + 1  # pieces are joined by one space

    def _written(self, text: str) -> Iterator[Passage]:
        for begin, end in _ranges(text, self.granularity):
            yield Passage(
                position=Interval(begin, end), text=text[begin:end], words=self._words(text, begin, end)
            )

    def _words(self, text: str, begin: int, end: int) -> tuple[Passage, ...]:
        """The words between two positions of a text; of a whole text nobody asks for them."""
        if self.granularity == "conversational_turn":
            return ()
        return tuple(
            Passage(position=Interval(*match.span()), text=match.group())
            for match in _word().finditer(text, begin, end)
        )


def _said(words: Sequence[Word], begin: int) -> Iterator[Passage]:
    """Spoken words as passages, where their text begins at a position."""
    at, before = begin, ""
    for word in words:
        at += len(gap(before, word.text))
        yield Passage(
            position=Interval(at, at + len(word.text)),
            text=word.text,
            time=word.time,
            confidence=word.confidence,
            person=word.person,
            speaker_confidence=word.speaker_confidence,
        )
        at, before = at + len(word.text), word.text


def _ranges(text: str, granularity: Granularity) -> Iterator[tuple[int, int]]:
    """Where pieces of a text begin and end; none is empty or has white space around it."""
    return stripped(text, 0, len(text)) if granularity == "conversational_turn" else sentences(text)


@cache
def _word() -> re.Pattern[str]:
    """A word of a text: letters and digits with their marks, or a picture such as ☺; no other sign.

    Single signs hold a word together (don't, 3.5, U.S.A). Where a script has no spaces, a Chinese
    sign is a word, and so is a run of Japanese syllables, or of any other such script.
    """
    marks = f"[{_marks()}]*"
    han = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    hiragana, katakana = r"\u3041-\u309f", r"\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    letters = rf"(?:[^\W_{han}{hiragana}{katakana}]{marks})+"
    within = r"(?:['’&@_·\-‐‑\u200c\u200d]|(?<=\d)[.,:](?=\d)|(?<=\b\w)\.(?=\w\b))"
    picture = rf"[\u203c\u2049\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]{marks}"
    skin, flag = r"[\U0001f3fb-\U0001f3ff]?", r"[\U0001f1e6-\U0001f1ff]{2}"
    return re.compile(
        rf"{letters}(?:{within}{letters})*|[{han}]{marks}|(?:[{hiragana}]{marks})+|(?:[{katakana}]{marks})+"
        rf"|{flag}|{picture}{skin}(?:\u200d{picture}{skin})*"
    )


def _marks() -> str:
    """All signs that stand with the letter before them, as in the brackets of a regular expression."""
    codes = (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0))
    found = [code for code in codes if unicodedata.category(chr(code)).startswith("M")]
    begins = [code for code, before in zip(found, [0, *found], strict=False) if code != before + 1]
    ends = [code for code, after in zip(found, [*found[1:], 0], strict=True) if code != after - 1]
    return "".join(f"{chr(begin)}-{chr(end)}" for begin, end in zip(begins, ends, strict=True))
