"""How fast speakers are told apart, and how fast the whole voice job is without transcription.

    python bench/speakers.py        about five minutes, on two cores

The job: an hour of talk, decoding, voice activity, who speaks when, prosody by utterance and bursts, as the
command does it; words come from the stub, which takes no time. Beside it, who speaks when alone, and what a
user would pick instead: Resemblyzer's embeddings every 0.15 s (`pip install resemblyzer 'setuptools<81'`),
before any clustering.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from mien.engines import Engines
from mien.media.decode import open_media
from mien.segments import Reading
from mien.settings import Settings
from mien.types import SOUND_RATE, Sound

CALL = Path(__file__).parent.parent / "examples" / "call.flac"
HOUR, TENTH, SHORT = 60.0, 6.0, 0.5
"""Minutes of what is measured: a tenth shows whether memory is flat; the short one is for the others."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = {minutes: write(Path(folder) / f"{minutes}.flac", minutes) for minutes in (HOUR, TENTH)}
        for minutes, file in files.items():
            seconds, busy, megabytes = job(file)
            print(
                f"speakers, prosody, bursts, {minutes:.0f} min: {seconds:.1f} s,"
                f" {minutes * 60 / seconds:.0f} × real time"
                f" ({busy:.1f} s of processor time), {megabytes:.0f} MB at most",
                flush=True,
            )
        print(f"who speaks when alone, one core, {HOUR:.0f} min: {alone(files[HOUR]):.0f} × real time")
    others()


def job(file: Path) -> tuple[float, float, float]:
    """Seconds, seconds of processor time and peak megabytes of the command."""
    command = [sys.executable, "-m", "mien", "measure", "--models", "prosody,burst", "--identify-speakers"]
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(file), "--json", str(file.with_suffix(".json"))],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"MIEN_TRANSCRIBER": "stub"},
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"{command} ended with {status}"
    took, busy = time.perf_counter() - begin, usage.ru_utime + usage.ru_stime
    return took, busy, usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def alone(file: Path) -> float:
    """How many times faster than it lasts speakers are told apart, where they speak being known."""
    settings = Settings(threads=1)
    reading = Reading(open_media(file, file.name, settings), Engines(settings), None)
    length = sum(stretch.length for stretch in reading.speech)
    begin = time.perf_counter()
    assert reading.turns
    return length / (time.perf_counter() - begin)


def others() -> None:
    try:
        import torch
        from resemblyzer import VoiceEncoder
    except ImportError:
        print("resemblyzer is not installed")
        return
    torch.set_num_threads(1)
    encoder = VoiceEncoder("cpu", verbose=False)
    sound = call(SHORT)
    took = []
    for _ in range(3):
        begin = time.perf_counter()
        encoder.embed_utterance(sound, rate=1 / 0.15)
        took.append(time.perf_counter() - begin)
    print(f"Resemblyzer's embeddings, one core: {SHORT * 60 / statistics.median(took):.0f} × real time")


def call(minutes: float) -> Sound:
    """The example call, over and over."""
    sound = np.concatenate(list(open_media(CALL, CALL.name, Settings()).sound()))
    return np.resize(sound, round(minutes * 60 * SOUND_RATE))


def write(path: Path, minutes: float) -> Path:
    """Piece by piece: what this process once held would count as the command's memory."""
    samples = (call(SHORT)[None] * 32767).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=SOUND_RATE)
        for k in range(round(minutes / SHORT)):
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.rate, frame.pts = SOUND_RATE, k * samples.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    main()
