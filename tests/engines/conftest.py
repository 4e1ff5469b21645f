"""Recordings that engines are tried on."""

from pathlib import Path

import av
import numpy as np
import pytest

from mien.types import SOUND_RATE


@pytest.fixture(scope="session")
def call():
    """Six lines that synthetic voices speak; `examples/make.sh` has the words."""
    return recorded(Path(__file__).parent.parent.parent / "examples" / "call.flac")


@pytest.fixture(scope="session")
def speech_of_kennedy(shared):
    """Eleven seconds: "And so, my fellow Americans: ask not …"."""
    return recorded(shared / "media" / "jfk.flac")


def recorded(path):
    """The sound of a file, mono at SOUND_RATE."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", SOUND_RATE)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])
