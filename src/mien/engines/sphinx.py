"""English words by pocketsphinx, whose models lie in its wheel: what there is until whisper is pulled.

It understands clear speech (about a third of the words of read sentences come out wrong), and
noisy or casual speech badly. It hears English in everything, so what it says of itself is what keeps
other languages, noise and music out:

A word's confidence is its posterior. That of a transcript is how likely this is English that was
understood, from the mean posterior of its words and the mean acoustic log score a frame, by a logistic
regression. It was fitted on every second of 120 read and 50 difficult LibriSpeech utterances (English)
against 270 EMO-DB sentences (German), 50 utterances played backwards and 150 vocal bursts. Of those
held out, above 0.5: read English 100 %, difficult English 76 %, German 9 %, backwards 4 %, bursts 21 %.

It decodes in processes of its own: while it does, half a minute at a time, Python runs nothing else.
"""

import json
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from struct import Struct
from threading import Semaphore
from typing import IO, NamedTuple, cast
from weakref import finalize

import numpy as np
from pocketsphinx import Decoder

from mien.engines import cores
from mien.errors import EngineError, NotTranscribed
from mien.settings import Settings
from mien.types import SOUND_RATE, Interval, Sound, Speech, Transcript, Word

FRAME = 0.01
"""Seconds between what the decoder calls frames."""

OFFSET, BY_POSTERIOR, BY_ACOUSTICS = 4.503, 3.734, 1.599
"""The logistic regression: see above."""

_ALTERNATIVE = re.compile(r"\(\d+\)$")  # "a(2)" is the second way to say "a"

_ASKED = Struct("<?I")
"""Before a stretch: whether it is the first of a recording, and how many bytes it has."""


class _Segment(NamedTuple):
    """What is heard in some frames, the last included: a word, or in brackets silence or noise."""

    word: str
    start_frame: int
    end_frame: int
    prob: float
    ascore: float


class Sphinx:
    """Writes down English."""

    label = "pocketsphinx (US English)"
    languages: frozenset[str] | None = frozenset({"en"})

    def __init__(self, at_once: int) -> None:
        """`at_once`: recordings that are written down at the same time."""
        self._free = Semaphore(at_once)
        self._idle: list[_Process] = []

    def transcribe(self, stretches: Iterable[Speech], language: str | None) -> Transcript:
        words: list[Word] = []
        frames = acoustics = posteriors = word_frames = 0.0
        for time, segment in self._heard(stretches):
            length = segment.end_frame - segment.start_frame + 1
            if segment.ascore > 0:
                acoustics += math.log(segment.ascore)
                frames += length
            if segment.word[0] not in "<[":  # neither silence nor noise
                posteriors += segment.prob * length
                word_frames += length
                words.append(_word(segment, time))
        sure = 0.0
        if words and frames:
            sure = _sureness(posteriors / word_frames, acoustics / frames)
        return Transcript(words=tuple(words), confidence=sure, language=language or "en")

    def _heard(self, stretches: Iterable[Speech]) -> Iterator[tuple[Interval, _Segment]]:
        with self._free:
            process: _Process | None = None
            for stretch in stretches:
                is_first = process is None
                process = process or self._taken()
                for segment in process.heard(stretch.sound, is_first=is_first):
                    yield stretch.time, segment
            if process is not None:
                self._idle.append(process)

    def _taken(self) -> "_Process":
        """One that has answered all that it was asked, or else a new one."""
        with suppress(IndexError):
            while not (process := self._idle.pop()).is_alive():
                pass
            return process
        return _Process()


class _Process:
    """A process that decodes. It ends when its input does, or nobody has it any more: none outlives whoever
    started it."""

    def __init__(self) -> None:
        """
        Raises:
            EngineError: it cannot be started.
        """
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mien.engines.sphinx"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                process_group=0,  # Ctrl-C is for the program
            )
        except OSError as error:
            raise EngineError(f"pocketsphinx could not be started: {error}") from error
        self._asked = cast("IO[bytes]", self._process.stdin)
        self._told = cast("IO[bytes]", self._process.stdout)
        finalize(self, _end, self._process)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def heard(self, sound: Sound, *, is_first: bool) -> list[_Segment]:
        """What is heard in a stretch, in order. `is_first`: whether a recording begins with it.

        Raises:
            NotTranscribed: the process has ended.
        """
        data = (np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes()
        try:
            self._asked.write(_ASKED.pack(is_first, len(data)) + data)
            self._asked.flush()
            return [_Segment(*one) for one in json.loads(self._told.readline())]
        except (OSError, ValueError) as error:
            raise NotTranscribed("unable to transcribe file: pocketsphinx crashed") from error


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()  # in the middle of a stretch it would not hear of it
    with suppress(KeyboardInterrupt, SystemExit):  # the program ends already
        process.communicate()


def _word(segment: _Segment, stretch: Interval) -> Word:
    begin = min(stretch.begin + segment.start_frame * FRAME, stretch.end)
    end = min(stretch.begin + (segment.end_frame + 1) * FRAME, stretch.end)
    return Word(
        text=_ALTERNATIVE.sub("", segment.word),
        time=Interval(begin, max(begin, end)),
        confidence=min(1.0, max(0.0, segment.prob)),
    )


def _sureness(posterior: float, acoustics: float) -> float:
    return 1 / (1 + math.exp(-(OFFSET + BY_POSTERIOR * posterior + BY_ACOUSTICS * acoustics)))


def transcriber(settings: Settings) -> Sphinx:
    return Sphinx(cores(settings))


def _work() -> None:
    """Decode for whoever started this process, until that one says no more: what tells all processes of a
    service to end is for that one, which may want its answer first."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asked, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", 0)
    decoder = Decoder(samprate=SOUND_RATE, loglevel="FATAL")
    while head := asked.read(_ASKED.size):
        is_first, size = _ASKED.unpack(head)
        if is_first:
            decoder.reinit_feat()  # what it heard last was another recording
        decoder.start_utt()
        decoder.process_raw(asked.read(size), full_utt=True)
        decoder.end_utt()
        found = [[getattr(one, name) for name in _Segment._fields] for one in decoder.seg() or ()]
        told.write(json.dumps(found).encode() + b"\n")


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # who asked has gone meanwhile
        _work()
