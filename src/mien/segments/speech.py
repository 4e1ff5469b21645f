"""Speech by word, sentence, utterance or conversational turn."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien.segments import Reading
from mien.segments.hearing import BURST, Hearing
from mien.segments.sentences import sentences
from mien.segments.speakers import shares
from mien.types import UNKNOWN, Granularity, Heard, Interval, Turn, Voiced, Word, sureness

PADDING = 0.2
"""Seconds added on either side of the words, as the retired API did."""

PAUSE = 0.8
"""Seconds of silence that end an utterance, and a sentence where no full stop is written."""

TURN_PAUSE = 2.0
"""Seconds of silence that end a turn while nobody knows who speaks."""

FULL_STOPS = tuple("。？！।؟۔")
"""Those that end a sentence wherever they stand."""

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
            time = _padded(words, hearing)
            yield Voiced(
                time=time,
                heard=_heard(words, hearing),
                text=joined(words),
                confidence=sureness(words),
                person=words[0].person,
                speaker_confidence=speaker_sureness(words),
            )


def _padded(words: Sequence[Word], hearing: Hearing) -> Interval:
    begin = max(0.0, words[0].time.begin - PADDING)
    return Interval(begin, max(begin, min(words[-1].time.end + PADDING, hearing.length)))


def _heard(words: Sequence[Word], hearing: Hearing) -> Heard:
    """What is heard of some words: without the silence, or music, that somebody's turn may run over."""
    runs = [_padded(run, hearing) for run in grouped(words, "utterance")]
    if len(runs) == 1:
        return hearing.between(runs[0])
    return np.concatenate([hearing.between(run, shortest=BURST) for run in runs])


def spans(reading: Reading, granularity: Granularity, speakers: bool) -> Iterator[Sequence[Word]]:
    """The words of a recording, piece by piece, with their speakers where `speakers` are asked for; where
    only the transcript is to know them, pieces end with what they say all the same. No piece is empty."""
    words: Iterable[Word] = reading.transcript.words
    known = reading.transcription is not None and reading.transcription.identify_speakers
    turns = reading.turns if speakers or known else ()
    if granularity == "conversational_turn" and not turns:
        reading.warn("turns were cut at pauses, because speakers were not identified")
    pieces = grouped(attributed(words, turns) if turns else words, granularity)
    return pieces if speakers else ([_of_nobody(word) for word in piece] for piece in pieces)


def _of_nobody(word: Word) -> Word:
    return replace(word, person=UNKNOWN, speaker_confidence=None)


def grouped(words: Iterable[Word], granularity: Granularity) -> Iterator[Sequence[Word]]:
    """Words in order, cut where a piece ends. Joining the pieces gives the words again."""
    piece: list[Word] = []
    for word in words:
        if piece and _ends(piece[-1], word, granularity):
            yield from _sentences(piece) if granularity == "sentence" else [piece]
            piece = []
        piece.append(word)
    if piece:
        yield from _sentences(piece) if granularity == "sentence" else [piece]


def _sentences(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """What is said in one go, cut where a word is the last of a sentence as it is written down."""
    ends = {end for _, end in sentences(joined(words))}
    first, at, before = 0, 0, ""
    for k, word in enumerate(words, 1):
        at += len(gap(before, word.text)) + len(word.text)
        if at in ends or k == len(words):
            yield words[first:k]
            first = k
        before = word.text


def attributed(words: Iterable[Word], turns: Sequence[Turn]) -> Iterator[Word]:
    """Each word with the speaker whose turns cover most of it; `unknown` where none does."""
    for word in words:
        begin = max(0.0, min(word.time.begin, word.time.end - 0.01))  # some have no length
        end = max(word.time.end, begin + 0.01)
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
