"""Recordings that engines are tried on."""

from pathlib import Path

import av
import numpy as np
import pytest
from skimage import data

from mien.engines import FaceMemory, Watched
from mien.engines.mesh import MeshFinder
from mien.errors import EngineError
from mien.settings import Settings
from mien.types import SOUND_RATE
from mien.weights.pull import known, pull


@pytest.fixture(scope="session")
def call():
    """Six lines that synthetic voices speak; `examples/make.sh` has the words."""
    return recorded(Path(__file__).parent.parent.parent / "examples" / "call.flac")


@pytest.fixture(scope="session")
def speech_of_kennedy(shared):
    """Eleven seconds: "And so, my fellow Americans: ask not …"."""
    return recorded(shared / "media" / "jfk.flac")


@pytest.fixture(scope="session")
def with_mesh(request):
    """Settings of a home in which MediaPipe's networks lie, fetched once for all runs of the tests."""
    settings = Settings(home=request.config.cache.mkdir("mien"), threads=1)
    try:
        pull(known("mesh", settings), settings)
    except EngineError as error:
        pytest.skip(f"MediaPipe's networks cannot be fetched here: {error}")
    return settings


@pytest.fixture(scope="session")
def find(with_mesh):
    """The faces of pictures that follow each other."""
    finder = MeshFinder(with_mesh)

    def find(*images):
        memory = FaceMemory()
        return finder.find([Watched(image, memory) for image in images])

    return find


@pytest.fixture(scope="session")
def astronaut():
    """A portrait of Eileen Collins, smiling (NASA, public domain), 512 pixels wide."""
    return data.astronaut()


def recorded(path):
    """The sound of a file, mono at SOUND_RATE."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", SOUND_RATE)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])
