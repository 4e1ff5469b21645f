"""Speech by word, sentence, utterance or conversational turn."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mien.segments import Reading
from mien.segments.speakers import shares
from mien.types import UNKNOWN, Granularity, Interval, Turn, Voiced, Word, sureness

PADDING = 0.2
"""Seconds added on either side of the words, as the retired API did."""

PAUSE = 0.8
"""Seconds of silence that end an utterance, and a sentence where no full stop is written."""

TURN_PAUSE = 2.0
"""Seconds of silence that end a turn while nobody knows who speaks."""

FULL_STOPS = tuple(".?!…。？！।؟۔")
CLOSERS = "\"'”’»)]」』"

_WITHOUT_SPACE = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]{2}"
)
"""Two signs of Thai, Lao, Burmese, Khmer, Chinese or Japanese: nobody writes a space between them."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Pieces of speech with the words said in them."""

    granularity: Granularity = "utterance"
    speakers: bool = False
    transcribed = True

    def segments(self, reading: Reading) -> Iterator[Voiced]:
        for words in spans(reading, self.granularity, self.speakers):
            hearing = reading.hearing
            begin = max(0.0, words[0].time.begin - PADDING)
            time = Interval(begin, max(begin, min(words[-1].time.end + PADDING, hearing.length)))
            yield Voiced(
                time=time,
                heard=hearing.between(time),
                text=joined(words),
                confidence=sureness(words),
                person=words[0].person,
                speaker_confidence=speaker_sureness(words),
            )


def spans(reading: Reading, granularity: Granularity, speakers: bool) -> Iterator[Sequence[Word]]:
    """The words of a recording, piece by piece. No piece is empty."""
    words: Iterable[Word] = reading.transcript.words
    turns = reading.turns if speakers else ()
    if granularity == "conversational_turn" and not turns:
        reading.warn("turns were cut at pauses, since speakers were not told apart")
    return grouped(attributed(words, turns) if turns else words, granularity)


def grouped(words: Iterable[Word], granularity: Granularity) -> Iterator[Sequence[Word]]:
    """Words in order, cut where a piece ends. Joining the pieces gives the words again."""
    piece: list[Word] = []
    for word in words:
        if piece and _ends(piece[-1], word, granularity):
            yield piece
            piece = []
        piece.append(word)
    if piece:
        yield piece


def attributed(words: Iterable[Word], turns: Sequence[Turn]) -> Iterator[Word]:
    """Each word with the speaker whose turns cover most of it; `unknown` where none does."""
    for word in words:
        begin, end = word.time.begin, max(word.time.end, word.time.begin + 0.01)  # some have no length
        said = shares(Interval(begin, end), turns)
        best = max(said, key=lambda person: said[person].seconds, default=UNKNOWN)
        known = best != UNKNOWN
        yield replace(
            word, person=best, speaker_confidence=said[best].sure / said[best].seconds if known else None
        )


def speaker_sureness(words: Sequence[Word]) -> float | None:
    """How sure it is who speaks some words of one person, each weighing as much as it lasts."""
    if words[0].speaker_confidence is None:
        return None
    weighed = [(word.speaker_confidence or 0.0, max(word.time.length, 0.01)) for word in words]
    return sum(sure * length for sure, length in weighed) / sum(length for _, length in weighed)


def joined(words: Sequence[Word]) -> str:
    """The words as they are written: with spaces, where their script has any."""
    befores = ("", *(word.text for word in words[:-1]))
    return "".join(gap(before, word.text) + word.text for before, word in zip(befores, words, strict=True))


def gap(before: str, word: str) -> str:
    """What is written between a word and the one before it."""
    return "" if not before or _WITHOUT_SPACE.match(before[-1] + word[0]) else " "


def _ends(last: Word, following: Word, granularity: Granularity) -> bool:
    """Whether a piece ends between two words."""
    if granularity == "word" or last.person != following.person:
        return True
    pause = following.time.begin - last.time.end
    match granularity:
        case "sentence":
            return pause >= PAUSE or last.text.rstrip(CLOSERS).endswith(FULL_STOPS)
        case "utterance":
            return pause >= PAUSE
        case "conversational_turn":
            return last.person == UNKNOWN and pause >= TURN_PAUSE
