"""Passages of a text, or of what was said, with their positions in characters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sentencex import get_sentence_boundaries

from mien.segments import Reading
from mien.segments.speech import joined, spans
from mien.types import Granularity, Interval, Passage, sureness

# what is written between white space, without the marks around it
_WORD = re.compile(r"[^\W_](?:\S*[^\W_])?|[^\s\w](?=\s|$)", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Passages:
    """Text by word, sentence (an utterance is one too) or as a whole; speech as `Spoken` cuts it."""

    granularity: Granularity = "word"
    speakers: bool = False
    transcribed = True

    def segments(self, reading: Reading) -> Iterator[Passage]:
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
                speaker_confidence=words[0].speaker_confidence,
            )
            at += len(text) + 1  # pieces are joined by one space

    def _written(self, text: str) -> Iterator[Passage]:
        for begin, end in _ranges(text, self.granularity):
            yield Passage(position=Interval(begin, end), text=text[begin:end])


def _ranges(text: str, granularity: Granularity) -> Iterator[tuple[int, int]]:
    """Where pieces of a text begin and end; none is empty or has white space around it."""
    match granularity:
        case "word":
            yield from (match.span() for match in _WORD.finditer(text))
        case "conversational_turn":
            yield from _stripped(text, 0, len(text))
        case "sentence" | "utterance":
            for sentence in get_sentence_boundaries("en", text):
                yield from _stripped(text, sentence["start_index"], sentence["end_index"])


def _stripped(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[begin:end]
    if core := piece.strip():
        first = begin + piece.index(core)
        yield first, first + len(core)
