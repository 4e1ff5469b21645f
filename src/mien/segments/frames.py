"""Frames of a film, or a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import isinf

from mien.media import Wanted
from mien.segments import Reading
from mien.types import Frame

FASTEST = 1000.0
"""Frames a second from which on all are meant: no film has more, and their times are rounded."""


@dataclass(frozen=True, slots=True)
class Frames:
    """`fps` frames a second, beginning with the first; every frame when `fps` is 0. Where the frame rate of
    a film varies, no number says when a frame is shown, and the first from each moment on is taken."""

    fps: float = 3.0
    transcribed = False

    def segments(self, reading: Reading) -> Iterator[Frame]:
        return reading.media.frames(self._wanted(reading.media.fps))

    def _wanted(self, native: float) -> Iterator[Wanted]:
        if self.fps == 0 or self.fps >= max(native, FASTEST):
            return map(Wanted, count())
        if native <= self.fps:
            return (Wanted(k, k / self.fps) for k in count())
        if isinf(native / self.fps):
            return iter((Wanted(0, 0.0),))
        # the retired API's own choice: the k-th sample is frame round(k × native / fps)
        return (Wanted(round(k * native / self.fps), k / self.fps) for k in count())
