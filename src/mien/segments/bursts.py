"""Vocal bursts, each from its begin to its end."""

from collections.abc import Iterator
from dataclasses import dataclass

from mien.segments import Reading
from mien.segments.hearing import BURST
from mien.types import Interval, Voiced


@dataclass(frozen=True, slots=True)
class Bursts:
    """Laughs, sighs, gasps: where the voice engine finds them."""

    transcribed = False

    def segments(self, reading: Reading) -> Iterator[Voiced]:
        hearing = reading.hearing
        for found in reading.bursts:
            time = Interval(found.begin, min(found.end, hearing.length))
            yield Voiced(time=time, heard=hearing.between(time, BURST))
