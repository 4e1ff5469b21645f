"""Frames of a film, or a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import isinf

from mien.segments import Reading
from mien.types import Frame


@dataclass(frozen=True, slots=True)
class Frames:
    """`fps` frames a second, beginning with the first; every frame when `fps` is 0."""

    fps: float = 3.0
    transcribed = False

    def segments(self, reading: Reading) -> Iterator[Frame]:
        return reading.media.frames(self._wanted(reading.media.fps))

    def _wanted(self, native: float) -> Iterator[int]:
        if self.fps == 0 or native <= self.fps:
            return count()
        if isinf(native / self.fps):
            return iter((0,))
        # the retired API's own choice: the k-th sample is frame round(k × native / fps)
        return (round(k * native / self.fps) for k in count())
