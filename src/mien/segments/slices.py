"""Pieces of a sound that streams past, whatever its length."""

from collections.abc import Iterable, Iterator

import numpy as np

from mien.types import SOUND_RATE, Interval, Sound


def slices(sound: Iterable[Sound], intervals: Iterable[Interval]) -> Iterator[tuple[Interval, Sound]]:
    """The samples of each interval, in order of begin; intervals may overlap.

    An interval that passes the end of the sound is cut short, as is one that begins before the one
    before it; an empty one is left out, and the first that begins after the end is the last that is
    asked for. Only the sound since the begin of the latest interval is held in memory.
    """
    chunks = iter(sound)
    held, end = np.empty(0, np.float32), 0  # `held` is the sound just before sample `end`
    for interval in intervals:
        first, last = round(interval.begin * SOUND_RATE), round(interval.end * SOUND_RATE)
        parts = [held]
        while end < last and (chunk := next(chunks, None)) is not None:
            end += len(chunk)
            if end <= first:
                parts.clear()
            else:
                parts.append(chunk)
        if end <= first and last > end:
            return
        held = np.concatenate(parts) if parts else held[:0]
        held = held[max(0, first - (end - len(held))) :]
        begin = end - len(held)
        piece = held[: max(0, last - begin)]
        if len(piece):
            yield (
                Interval(
                    interval.begin if begin == first else begin / SOUND_RATE,
                    interval.end if last <= end else end / SOUND_RATE,
                ),
                piece,
            )
