"""Frames of a film, or a picture."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from math import isinf

from mien.media import Wanted
from mien.segments import Reading
from mien.types import Frame

FASTEST = 1000.0
"""Frames a second from which on all are meant: no film has more, and their times are rounded."""

AHEAD, AHEAD_MB = 16, 64
"""Frames of a film that are decoded while those before them are measured, and about how much they may
take."""


@dataclass(frozen=True, slots=True)
class Frames:
    """`fps` frames a second, beginning with the first; every frame when `fps` is 0. Where the frame rate of
    a film varies, no number says when a frame is shown, and the first from each moment on is taken."""

    fps: float = 3.0
    transcribed = False

    def segments(self, reading: Reading) -> Iterator[Frame]:
        media = reading.media
        frames = media.frames(self._wanted(media.fps))
        return _ahead(frames) if media.fps else frames

    def _wanted(self, native: float) -> Iterator[Wanted]:
        if not native:  # a picture
            return iter((Wanted(0, 0.0),))
        if self.fps == 0 or self.fps >= max(native, FASTEST):
            return map(Wanted, count())
        if native <= self.fps:
            return (Wanted(k, k / self.fps) for k in count())
        if isinf(native / self.fps):
            return iter((Wanted(0, 0.0),))
        # the retired API's own choice: the k-th sample is frame round(k × native / fps)
        return (Wanted(round(k * native / self.fps), k / self.fps) for k in count())


def _ahead(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames, of which some are fetched by a thread of their own before they are asked for: decoding
    and measuring then take two cores."""
    first = next(frames, None)
    if first is None:
        return
    yield first
    fetcher = ThreadPoolExecutor(1, thread_name_prefix="frames")
    try:
        some = min(AHEAD, AHEAD_MB * 1_000_000 // max(1, first.image.nbytes))
        fetched = deque(fetcher.submit(next, frames, None) for _ in range(max(1, some)))
        while (frame := fetched.popleft().result()) is not None:
            fetched.append(fetcher.submit(next, frames, None))
            yield frame
    finally:  # whoever stops early waits for one frame, not for all that were asked for
        fetcher.shutdown(cancel_futures=True)
