"""Whisper in CTranslate2's format, through faster-whisper, once a user has pulled one.

Stretches of speech are packed into windows of half a minute, which is what whisper hears at once,
and windows are decoded several at a time. What it writes where nobody speaks, or over and over, is
left out: whisper is known to make up words.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

from mien.engines import LONGEST_STRETCH, cores
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.types import SOUND_RATE, Interval, Sound, Speech, Transcript, Word, sureness
from mien.weights import pulled

BATCH = 8
"""Windows decoded at once: twice as fast as one by one on eight cores (faster-whisper's README)."""

LISTENED = 4
"""Windows that the language is detected from, if it is not certain after the first."""

NO_SPEECH, UNLIKELY, REPETITIVE = 0.6, -1.0, 2.4
"""Above which chance of no speech together with below which mean log probability of its words a
window is taken for silent, and from which compression its text for a loop: whisper's own."""

ANOTHER = 0.01
"""A language that is less likely than this is not the one that is spoken, whoever asked for it: whisper
would translate, or make words up."""

WITHOUT_BLANKS = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages whose words faster-whisper tells apart sign by sign."""

_TAGS = {"nn": "no", "yue": "zh", "jw": "jv"}
"""Whisper's own codes where the API, or BCP-47, has another."""


class Whisper:
    """Writes down speech in a hundred languages."""

    def __init__(self, folder: Path, threads: int) -> None:
        try:
            self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
        except Exception as error:  # ctranslate2's errors have no common kind of their own
            raise EngineError(f"{folder.name} cannot be loaded: {error}; see `mien models check`") from error
        self.label = f"{folder.name} (int8)"
        self.languages = None if self._model.model.is_multilingual else frozenset({"en"})

    def transcribe(self, stretches: Iterable[Speech], language: str | None) -> Transcript:
        """A regional language is asked for as its base: whisper knows no regions. Where another is surely
        spoken than was asked for, nothing is understood."""
        windows = _windows(stretches)
        first = list(islice(windows, LISTENED))
        if not first:
            return Transcript(words=(), confidence=0.0, language=language)
        code, chance = self._spoken(first, language)
        if chance < ANOTHER:
            return Transcript(words=(), confidence=chance, language=language)
        words: list[Word] = []
        rest = chain(first, windows)
        while batch := list(islice(rest, BATCH)):
            words.extend(self._words(batch, code))
        tag = language or _TAGS.get(code, code)
        return Transcript(words=tuple(words), confidence=sureness(words), language=tag)

    def _spoken(self, windows: Sequence["_Window"], asked: str | None) -> tuple[str, float]:
        """Whisper's code of the language that was asked for and how likely it is spoken, or of that heard."""
        if self.languages is not None:  # it knows English alone, and cannot tell it from others
            return "en", 1.0
        if asked is None:
            sound = np.concatenate([window.sound for window in windows])
            heard, *_ = self._model.detect_language(sound, language_detection_segments=LISTENED)
            return str(heard), 1.0
        code, best = asked.partition("-")[0], 0.0
        for window in windows:  # somebody else may speak first
            *_, likely = self._model.detect_language(window.sound)
            chance = sum(float(chance) for other, chance in likely if _TAGS.get(other, other) == code)
            best = max(best, chance)
            if best >= ANOTHER:
                break
        return code, best

    def _words(self, windows: Sequence["_Window"], code: str) -> Iterator[Word]:
        """The words of some windows, all decoded at once; those that went wrong once more alone."""
        sound = np.concatenate([window.sound for window in windows])
        ends = list(accumulate(len(window.sound) / SOUND_RATE for window in windows))
        begins = [0.0, *ends[:-1]]
        # the pipeline remembers the last word of each call: a new one a call keeps threads apart
        segments, _ = BatchedInferencePipeline(self._model).transcribe(
            sound,
            language=code,
            vad_filter=False,
            word_timestamps=True,
            batch_size=len(windows),
            clip_timestamps=[{"start": b, "end": e} for b, e in zip(begins, ends, strict=True)],
        )
        for segment in segments:
            k = bisect_right(begins, segment.seek / self._model.frames_per_second + 0.005) - 1
            if _silent(segment):
                continue
            if segment.compression_ratio > REPETITIVE or segment.avg_logprob < UNLIKELY:
                yield from self._again(windows[k], code)
            else:
                yield from _placed(windows[k], _whole(segment.words, code), begins[k])

    def _again(self, window: "_Window", code: str) -> Iterator[Word]:
        """One window once more, at rising temperatures, until its text looks like speech."""
        segments, _ = self._model.transcribe(
            window.sound, language=code, word_timestamps=True, condition_on_previous_text=False
        )
        for segment in segments:
            if not _silent(segment) and segment.compression_ratio <= REPETITIVE:
                yield from _placed(window, _whole(segment.words, code), 0.0)


@dataclass(frozen=True, slots=True)
class _Window:
    """Some stretches, one after the other, no longer together than whisper hears at once."""

    stretches: tuple[Speech, ...]

    @property
    def sound(self) -> Sound:
        return np.concatenate([stretch.sound for stretch in self.stretches])


def _windows(stretches: Iterable[Speech]) -> Iterator[_Window]:
    window: list[Speech] = []
    length = 0
    for stretch in stretches:
        if window and length + len(stretch.sound) > LONGEST_STRETCH * SOUND_RATE:
            yield _Window(tuple(window))
            window, length = [], 0
        window.append(stretch)
        length += len(stretch.sound)
    if window:
        yield _Window(tuple(window))


def _silent(segment: Any) -> bool:
    return bool(segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < UNLIKELY)


def _whole(pieces: Iterable[Any], code: str) -> Iterator[Word]:
    """Words of one segment, at its times: a piece without a blank before it goes on with the word before
    ($3 and .50, twenty and -five), but in languages that are written without blanks."""
    word: list[Any] = []
    for piece in pieces:
        if word and (piece.word[:1].isspace() or code in WITHOUT_BLANKS):
            yield _joined(word)
            word = []
        word.append(piece)
    if word:
        yield _joined(word)


def _joined(pieces: Sequence[Any]) -> Word:
    lengths = [max(1, len(piece.word.strip())) for piece in pieces]
    sure = sum(piece.probability * length for piece, length in zip(pieces, lengths, strict=True)) / sum(
        lengths
    )
    begin, end = float(pieces[0].start), float(pieces[-1].end)
    text = "".join(piece.word for piece in pieces).strip()
    return Word(text=text, time=Interval(begin, max(begin, end)), confidence=float(sure))


def _placed(window: _Window, words: Iterable[Word], begin: float) -> Iterator[Word]:
    """Words at their times in the file, each kept within the stretch that its middle lies in."""
    ends = list(accumulate(len(stretch.sound) / SOUND_RATE for stretch in window.stretches))
    at = window.stretches[0].time.begin
    for word in words:
        if word.text:
            middle = (word.time.begin + word.time.end) / 2 - begin
            k = min(bisect_right(ends, middle), len(ends) - 1)
            time = window.stretches[k].time
            shift = time.begin - (ends[k - 1] if k else 0.0) - begin
            first = min(max(word.time.begin + shift, time.begin, at), time.end)
            at = min(max(word.time.end + shift, first), time.end)
            yield replace(word, time=Interval(first, at))


def transcriber(settings: Settings) -> Whisper:
    """The largest whisper model that has been pulled: it makes the fewest mistakes."""
    folders = pulled(settings.weights, "whisper")
    if not folders:
        raise EngineMissing("no whisper model has been pulled yet; `mien models pull whisper-small` gets one")
    return Whisper(max(folders, key=lambda folder: (folder / "model.bin").stat().st_size), cores(settings))
