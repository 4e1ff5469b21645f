"""Sliding windows over the sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from mien.segments import Reading
from mien.segments.slices import slices
from mien.types import SOUND_RATE, Interval, Speech


@dataclass(frozen=True, slots=True)
class Windows:
    """A window of `length` seconds every `step` seconds; the last ends with the sound.

    With `spoken`, windows in which nobody speaks are left out.
    """

    length: float = 4.0
    step: float = 1.0
    spoken: bool = False
    transcribed = False

    def segments(self, reading: Reading) -> Iterator[Speech]:
        speech = iter(reading.speech) if self.spoken else None
        stretch = next(speech, None) if speech else None
        before = 0
        for time, sound in slices(reading.media.sound(), self._wanted()):
            end = round(time.end * SOUND_RATE)
            if before >= end:  # the sound ended with the window before
                return
            before = end
            while speech and stretch and stretch.end <= time.begin:
                stretch = next(speech, None)
            if speech is None or (stretch and stretch.begin < time.end):
                yield Speech(time=time, sound=sound)

    def _wanted(self) -> Iterator[Interval]:
        return (Interval(k * self.step, k * self.step + self.length) for k in count())
