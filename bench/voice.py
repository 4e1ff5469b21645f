"""How fast voices are heard, beside what a user would pick instead.

    python bench/voice.py        about three minutes, on one core

Everything is measured in one run, by turns, on the same file, pinned to one core with one thread, decoding
included, and given as medians: windows of 4 s every second. What is not installed is left out: `pip install
opensmile librosa` brings both. A classifier on their features takes no time beside them, and has none here.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from mien.engines import Engines
from mien.measure import Wish, measure
from mien.media.decode import open_media
from mien.models import MODELS
from mien.settings import Settings
from mien.types import SOUND_RATE, Sound

CALL = Path(__file__).parent.parent / "examples" / "call.flac"
MINUTES, SHORT, RUNS = 10.0, 0.25, 3
"""Of the file that mien hears, and of that which the others hear."""

WINDOW = {"length": 4.0, "step": 1.0}


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    engines = Engines(Settings(threads=1))
    with tempfile.TemporaryDirectory() as folder:
        long, short = Path(folder) / "long.flac", Path(folder) / "short.flac"
        for path, minutes in ((long, MINUTES), (short, SHORT)):
            write(path, minutes)
        measured: dict[str, tuple[Callable[[], object], float]] = {
            "mien, prosody and burst": (lambda: walk(long, engines, "prosody", "burst"), MINUTES),
            "mien, prosody": (lambda: walk(long, engines, "prosody"), MINUTES),
            "mien, burst": (lambda: walk(long, engines, "burst"), MINUTES),
            "mien, hearing and voice activity alone": (lambda: alone(long, engines), MINUTES),
            "decoding alone": (lambda: decoded(long), MINUTES),
        } | others(short)
        times: dict[str, list[float]] = {name: [] for name in measured}
        for run in range(RUNS + 1):
            for name, (work, _) in measured.items():
                begun = time.perf_counter()
                work()
                if run:  # the first warms up
                    times[name].append(time.perf_counter() - begun)
    print(f"windows of 4 s every second, one core, {RUNS} runs by turns, medians:")
    for name, (_, minutes) in measured.items():
        seconds = statistics.median(times[name])
        print(f"  {name:44} {seconds / minutes:7.3f} s a minute {minutes * 60 / seconds:9,.0f} x real time")


def walk(path: Path, engines: Engines, *names: str) -> object:
    """All that is done for a file, from its bytes to predictions."""
    options: dict[str, dict[str, Any]] = {"prosody": {"window": WINDOW}, "burst": {}}
    models = {name: MODELS[name].options(**options[name]) for name in names}
    found = measure(open_media(path, path.name, Settings()), Wish(models=models, transcription=None), engines)
    assert not found.errors, found.errors
    return found


def alone(path: Path, engines: Engines) -> None:
    sound = decoded(path)
    list(engines.voice_activity.speech([sound]))
    engines.voice.hear([sound[k : k + 8 * SOUND_RATE] for k in range(0, len(sound), 8 * SOUND_RATE)])


def decoded(path: Path) -> Sound:
    return np.concatenate(list(open_media(path, path.name, Settings()).sound()))


def others(path: Path) -> dict[str, tuple[Callable[[], object], float]]:
    found: dict[str, tuple[Callable[[], object], float]] = {}
    try:
        import opensmile

        smile = opensmile.Smile(
            feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
        )
        found["openSMILE, eGeMAPS (88 features)"] = (
            lambda: [smile.process_signal(window, SOUND_RATE) for window in windows(decoded(path))],
            SHORT,
        )
    except ImportError:
        print("opensmile is not installed")
    try:
        import librosa

        def features(window: Sound) -> object:
            pitch, _, _ = librosa.pyin(window, fmin=65, fmax=500, sr=SOUND_RATE)
            return (
                np.nanmean(pitch),
                librosa.feature.mfcc(y=window, sr=SOUND_RATE).mean(1),
                librosa.feature.rms(y=window).mean(),
                librosa.feature.spectral_centroid(y=window, sr=SOUND_RATE).mean(),
            )

        found["librosa, pitch, MFCC, level, brightness"] = (
            lambda: [features(window) for window in windows(decoded(path))],
            SHORT,
        )
    except ImportError:
        print("librosa is not installed")
    return found


def windows(sound: Sound) -> list[Sound]:
    length = int(WINDOW["length"] * SOUND_RATE)
    return [sound[k : k + length] for k in range(0, len(sound) - length + 1, SOUND_RATE)]


def write(path: Path, minutes: float) -> None:
    """A recording of so many minutes: the call, over and over."""
    sound = np.concatenate(list(open_media(CALL, CALL.name, Settings()).sound()))
    sound = np.resize(sound, round(minutes * 60 * SOUND_RATE))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=SOUND_RATE)
        frame = av.AudioFrame.from_ndarray(
            (sound[None] * 32767).astype(np.int16), format="s16", layout="mono"
        )
        frame.rate = SOUND_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
