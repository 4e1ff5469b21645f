"""Sliding windows over the sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from mien.segments import Reading
from mien.segments.speakers import speaker
from mien.segments.speech import PADDING
from mien.types import Interval, Voiced


@dataclass(frozen=True, slots=True)
class Windows:
    """A window of `length` seconds every `step` seconds; the last ends with the sound.

    With `spoken`, windows in which nobody speaks are left out; `speakers` says who speaks most in each.
    """

    length: float = 4.0
    step: float = 1.0
    spoken: bool = False
    speakers: bool = False
    transcribed = False

    def segments(self, reading: Reading) -> Iterator[Voiced]:
        speech = iter(reading.speech) if self.spoken else None
        stretch = next(speech, None) if speech else None
        turns = reading.turns if self.speakers else ()
        hearing = reading.hearing
        for k in count():
            begin, end = k * self.step, min(k * self.step + self.length, hearing.length)
            if begin >= hearing.length:
                return
            # what is only the margin of a stretch is no speech
            while speech and stretch and stretch.end - PADDING <= begin:
                stretch = next(speech, None)
            if speech is None or (stretch and stretch.begin + PADDING < end):
                time = Interval(begin, end)
                person, sure = speaker(time, turns)
                yield Voiced(time=time, heard=hearing.between(time), person=person, speaker_confidence=sure)
            if end == hearing.length:
                return
