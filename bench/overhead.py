"""What mien adds to the time and memory of its networks.

    python bench/overhead.py            all four, about ten minutes on two cores
    python bench/overhead.py time       the command beside its network and decoder alone
    python bench/overhead.py memory     the peak for three hours beside that for a minute
    python bench/overhead.py latency    from POST to COMPLETED, with a warm worker
    python bench/overhead.py texts      the same for a hundred texts, without a network

Everything is measured in one run on made files, by turns, and given as medians.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import av
import httpx

from mien.engines import Engines
from mien.media.decode import open_media
from mien.segments import Reading
from mien.segments.windows import Windows
from mien.settings import Settings

CALL = Path(__file__).parent.parent / "examples" / "call.flac"
COMMAND = [sys.executable, "-m", "mien", "measure", "--models", "prosody", "--no-transcription"]
WINDOW = ["--window", "4,1"]


def main() -> None:
    wanted = sys.argv[1:] or ["time", "memory", "latency", "texts"]
    with tempfile.TemporaryDirectory() as folder:
        if "time" in wanted:
            overhead(Path(folder))
        if "memory" in wanted:
            memory(Path(folder))
        if "latency" in wanted:
            latency(Path(folder))
        if "texts" in wanted:
            texts(Path(folder))


def overhead(folder: Path, runs: int = 5) -> None:
    """The whole command on ten minutes of speech, beside network and decoder alone."""
    file = speech(folder / "ten.flac", minutes=10)
    whole, alone = [], []
    for run in range(runs + 1):
        alone.append(networks_alone(file))
        whole.append(wall([*COMMAND, *WINDOW, str(file), "--json", str(folder / "ten.json")])[0])
        if run == 0:  # the first warms the file cache
            alone.clear()
            whole.clear()
    ratio = statistics.median(w / a for w, a in zip(whole, alone, strict=True))
    print(f"10 min of speech, 4 s windows every second, {runs} runs by turns, medians:")
    print(f"  network and decoder alone  {statistics.median(alone):6.2f} s")
    print(f"  the whole command          {statistics.median(whole):6.2f} s")
    print(f"  ratio, pair by pair        {ratio:6.2f}   (at most 1.25)")


def networks_alone(file: Path) -> float:
    """Seconds for the decoder, voice activity and the voice network, and nothing else.

    The sound is decoded twice, as voice activity has to be known before windows are left out.
    """
    settings = Settings()
    engines = Engines(settings)
    engines.voice, engines.voice_activity  # noqa: B018  # loading is part of neither side's work
    begin = time.perf_counter()
    reading = Reading(open_media(file, file.name, settings), engines, None)
    windows = Windows(4.0, 1.0, spoken=True).segments(reading)
    while batch := [window.heard for window in islice(windows, 16)]:
        engines.voice.prosody(batch)
    return time.perf_counter() - begin


def memory(folder: Path) -> None:
    """Peak memory of the command for three hours of speech, beside a minute."""
    peaks = {}
    for name, minutes in (("1 min", 1), ("3 h", 179.9)):
        file = speech(folder / f"{minutes}.flac", minutes)
        peaks[name] = wall([*COMMAND, *WINDOW, str(file), "--json", str(folder / "out.json")])[1]
        print(f"  peak memory for {name:6} {peaks[name]:7.0f} MB")
    print(f"  difference             {peaks['3 h'] - peaks['1 min']:7.0f} MB   (at most 150)")


def latency(folder: Path, jobs: int = 40) -> None:
    """From POST to COMPLETED: one spoken hello, windows, no transcript, SQLite, a warm worker."""
    hello = speech(folder / "hello.flac", minutes=1.5 / 60)
    asked = {"json": json.dumps({"models": {"prosody": {}}, "transcription": None})}
    with server(folder / "home") as client:
        took = [completed(client, data=asked, files={"file": hello.open("rb")}) for _ in range(jobs + 3)]
    print(f"hello, POST to COMPLETED: {told(took)} (under 300)")


def texts(folder: Path, jobs: int = 40) -> None:
    """From POST to COMPLETED: a hundred texts of twenty words, without a network, SQLite, a warm worker."""
    asked: dict[str, Any] = {"models": {"language": {"granularity": "sentence"}, "ner": {}}}
    asked |= {"text": [f"This is text {i}, " + "and so on " * 4 + "up to twenty words." for i in range(100)]}
    with server(folder / "texts", MIEN_TEXT_READER="stub") as client:
        took = [completed(client, json=asked) for _ in range(jobs + 3)]
    print(f"100 texts of 20 words, POST to COMPLETED: {told(took)}")


def completed(client: httpx.Client, **asked: Any) -> float:
    """Seconds from asking for a job to its end."""
    begin = time.perf_counter()
    job = client.post("/v0/batch/jobs", **asked).json()["job_id"]
    while (state := client.get(f"/v0/batch/jobs/{job}").json()["state"])["status"] != "COMPLETED":
        assert state["status"] != "FAILED", state
        time.sleep(0.005)
    assert state["num_predictions"], state
    assert not state["num_errors"], state
    return time.perf_counter() - begin


def told(took: list[float]) -> str:
    """Median, fastest and slowest of jobs, of which the first three load the networks."""
    took = sorted(took[3:])
    times = (statistics.median(took), took[0], took[-1])
    return "median {:.0f} ms, fastest {:.0f} ms, slowest {:.0f} ms".format(*(s * 1000 for s in times))


def wall(command: list[str]) -> tuple[float, float]:
    """Seconds and peak megabytes of a command."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"{command} ended with {status}"
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def speech(path: Path, minutes: float) -> Path:
    """The example call, again and again."""
    with av.open(str(CALL)) as source:
        frames = list(source.decode(audio=0))
    with av.open(str(path), "w") as target:
        stream = target.add_stream("flac", rate=16_000, layout="mono")
        samples = 0
        while samples < minutes * 60 * 16_000:
            for frame in frames:
                if samples >= minutes * 60 * 16_000:
                    break
                frame.pts = samples
                samples += frame.samples
                target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path


@contextmanager
def server(home: Path, **settings: str) -> Iterator[httpx.Client]:
    """A client of a server of our own on a free port, stopped afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mien", "serve", "--port", str(port), "--home", str(home)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | settings)
    try:
        for _ in range(200):
            try:
                httpx.get(f"{address}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        with httpx.Client(base_url=address) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
