"""How fast faces are found and read.

    python bench/face.py [FILM]

On the portrait that comes with scikit-image, and on a film if one is given: each network on one thread, in
processor time, so that a busy machine says the same as an idle one; of the film also by the clock, since
frames are decoded and faces read while others are found. The first use fetches MediaPipe's networks.
"""

import statistics
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
from skimage import data

from mien.engines import ALIGNED, VIEW, Engines, FaceMemory, Watched
from mien.engines.views import View, seen
from mien.measure import Wish, measure
from mien.media.decode import open_media
from mien.models import MODELS
from mien.settings import Settings

FPS, FOLLOWED = 24, 48
"""Frames a second of a film that is made of one picture, and how many of them are followed at once: two
seconds, which is how often a film is searched."""

LEAST = MODELS["face"].options().min_face_size
"""Pixels a side of the smallest faces that matter by default."""

PUBLISHED = """published by others, not measured here (they want torch or TensorFlow):
  py-feat 1, find and read, a frame          80 ms on an Apple M, 98 to 314 ms on a Linux server, CPU
  py-feat 2, find and read, frame by frame   26 ms on an RTX 3090 (its docs/benchmarks)
  DeepFace publishes no time of the whole way"""


def main() -> None:
    engines = Engines(Settings(threads=1))
    portrait = data.astronaut()
    large = seen(portrait, View(256, 256, 512), 1280)[280:1000].copy()  # 720p: one face in the middle
    parts(engines, portrait, large)
    if len(sys.argv) > 1:
        for fps in (3.0, 0.0):
            film(engines, Path(sys.argv[1]), fps)
    print(PUBLISHED)


def parts(engines: Engines, portrait: np.ndarray, large: np.ndarray) -> None:
    """Finding and reading, one picture at a time."""
    finder, reader, identity = engines.face_finder, engines.face_reader, engines.face_identity
    followed, enlarged, frames = FaceMemory(), FaceMemory(), count()
    ((face,),) = finder.find([Watched(portrait, followed, LEAST)])
    view = seen(portrait, face.view, VIEW)

    def follow(picture: np.ndarray, memory: FaceMemory) -> None:  # with the searches of as long a film
        finder.find([Watched(picture, memory, LEAST, next(frames) / FPS) for _ in range(FOLLOWED)])

    print("one thread, processor time, median of 20:")
    for name, work in {
        "find in a portrait of 512 pixels": lambda: finder.find([Watched(portrait, FaceMemory(), LEAST)]),
        "follow in one, a frame": lambda: follow(portrait, followed),
        "find in one of 1280 × 720, with tiles": lambda: finder.find([Watched(large, FaceMemory(), LEAST)]),
        "follow in one of 1280 × 720, a frame": lambda: follow(large, enlarged),
        "cut out the view of a face": lambda: seen(portrait, face.view, VIEW),
        "read one face": lambda: reader.read([view]),
        "read 16 faces, a face": lambda: reader.read([view] * 16),
        "describe whose face it is": lambda: identity.embed([seen(portrait, face.aligned, ALIGNED)]),
    }.items():
        times = FOLLOWED if "follow" in name else 16 if "16" in name else 1
        print(f"  {name:45} {spent(work) * 1000 / times:6.2f} ms")


def film(engines: Engines, path: Path, fps: float) -> None:
    """The whole job, decoding included."""
    media = open_media(path, path.name, Settings(threads=1))
    options = MODELS["face"].options(fps_pred=fps, identify_faces=True)
    begin, clock = time.process_time(), time.perf_counter()
    found = measure(media, Wish(models={"face": options}, transcription=None), engines)
    took, waited = time.process_time() - begin, time.perf_counter() - clock
    groups = found.models["face"].groups
    frames = len({piece.frame for group in groups for piece in group.predictions})
    length = media.duration or 0.0
    print(
        f"{path.name}, fps_pred {fps:g}: {took:.1f} s of one processor for {length:.1f} s of film,"
        f" {length / took:.1f} × real time, {frames / took:.0f} measured frames/s;"
        f" by the clock {waited:.1f} s, {length / waited:.1f} × real time, {frames / waited:.0f} frames/s;"
        f" persons {', '.join(f'{group.id} in {len(group.predictions)}' for group in groups)}"
    )


def spent(work: Callable[[], object], runs: int = 20) -> float:
    """Median processor time in seconds."""
    times = []
    for _ in range(runs + 1):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times[1:])


if __name__ == "__main__":
    main()
