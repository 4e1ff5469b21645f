"""How loud a recording is when: what a waveform is drawn from."""

from collections.abc import Iterator

import numpy as np

from mien.media import Media
from mien.types import SOUND_RATE, Sound

RATE = 50
"""Peaks a second: finer than a screen shows of a minute, and 360 kB for an hour."""


def peaks(media: Media) -> bytes:
    """The lowest and the highest sample of each 1/RATE second, as pairs of int8, -127..127.

    Raises:
        MediaError: nothing of the sound can be decoded.
    """
    return b"".join(_pairs(piece) for piece in _steps(media.sound()))


def _steps(sound: Iterator[Sound]) -> Iterator[Sound]:
    """The sound in pieces of whole steps; what is left at the end is a step too."""
    step = SOUND_RATE // RATE
    rest = np.zeros(0, np.float32)
    for chunk in sound:
        held = np.concatenate([rest, chunk])
        whole = len(held) // step * step
        yield held[:whole].reshape(-1, step)
        rest = held[whole:]
    if len(rest):
        yield rest[None]


def _pairs(pieces: Sound) -> bytes:
    """Of pieces (steps, samples)."""
    both = np.stack([pieces.min(axis=1, initial=0), pieces.max(axis=1, initial=0)], axis=1)
    return bytes(np.round(np.clip(both, -1, 1) * 127).astype(np.int8).tobytes())
