"""How soon the stream answers, what it adds to its networks, and whether it stays fair.

    python bench/stream.py                      all but the soak, about three minutes on two cores
    python bench/stream.py one many idle flood  some of it
    python bench/stream.py soak 600             rising and falling load for so many seconds
    python bench/stream.py --film FILM …        a film that begins with a face, for the face model

A server of our own is started as `mien serve` starts it; what has no engine here is left out. Each figure
is taken in one run, the message and its network alone by turns, as medians.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from mien.engines import Engines
from mien.errors import EngineMissing
from mien.media import Wanted
from mien.media.decode import open_media, text_media
from mien.models import MODELS
from mien.segments import Reading
from mien.settings import Settings
from mien.types import SOUND_RATE, Sound

CALL = Path(__file__).parent.parent / "examples" / "call.flac"
TEXT = "I really did not expect you to come all this way tonight, but I am so glad you are here."
ECHO = json.dumps({"job_details": True})
TIMES = 100
"""Messages behind each median."""


@dataclass(frozen=True)
class Case:
    """Messages that follow each other, and what the networks do for one without a server."""

    name: str
    messages: tuple[str, ...]
    alone: Callable[[], object]
    reach: str


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["one", "many", "idle", "flood"])
    parser.add_argument("--film", type=Path)
    asked = parser.parse_args()
    seconds = next((float(word) for word in asked.what if word.replace(".", "").isdigit()), 600.0)
    cases = list(_cases(Engines(Settings()), asked.film))
    with tempfile.TemporaryDirectory() as home, server(Path(home)) as (url, process):
        for case in cases:
            asyncio.run(_asked(url, case.messages[0]))  # loads the engines
        if "one" in asked.what:
            asyncio.run(one(url, cases))
        if "many" in asked.what:
            asyncio.run(many(url, next((c for c in cases if c.name.startswith("face")), cases[0])))
        if "idle" in asked.what:
            asyncio.run(idle(url, process))
        if "flood" in asked.what:
            asyncio.run(flood(url, cases))
        if "soak" in asked.what:
            asyncio.run(soak(url, cases, process, seconds))


# ── what is measured


async def one(url: str, cases: list[Case]) -> None:
    """One session that waits for each reply, beside the networks alone."""
    async with opened(url) as session:
        echo = [await took(session, ECHO) for _ in range(TIMES)]
        print(f"one session, {TIMES} messages each, medians:")
        print(f"  {'a bare echo through the same server':42}{ms(echo)}")
        for case in cases:
            whole, alone = [], []
            for turn in range(TIMES + 5):
                begin = time.perf_counter()
                await asyncio.to_thread(case.alone)
                alone.append(time.perf_counter() - begin)
                whole.append(await took(session, case.messages[turn % len(case.messages)]))
                if turn < 5:  # the first warm up
                    alone.clear()
                    whole.clear()
            ratio = statistics.median(whole) / statistics.median(alone)
            print(
                f"  {case.name:42}{ms(whole)}, networks alone {ms(alone)},"
                f" ratio {ratio:4.2f}   ({case.reach})"
            )


async def many(
    url: str, case: Case, sessions: int = 32, per_second: float = 3.0, seconds: float = 20.0
) -> None:
    """Sessions that each send so many a second, whether they were answered or not."""
    times: list[float] = []

    async def talking(number: int) -> None:
        async with opened(url) as session:
            begin = time.perf_counter() + number / sessions / per_second
            for turn in range(round(seconds * per_second)):
                due = begin + turn / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await took(session, case.messages[turn % len(case.messages)])
                times.append(time.perf_counter() - due)  # from when it was due: no waiting is hidden

    await asyncio.gather(*(talking(number) for number in range(sessions)))
    share = sum(t < 0.5 for t in times) / len(times)
    print(f"{sessions} sessions, {per_second:g} a second each, {case.name}:")
    print(f"  within 500 ms {share:.1%} (at least 99 %), median {ms(times)}, p95 {p95(times) * 1e3:.0f} ms")


async def idle(url: str, process: int, sessions: int = 200) -> None:
    """Memory of sessions that say nothing."""
    async with AsyncExitStack() as stack:
        first = [await stack.enter_async_context(opened(url)) for _ in range(20)]
        for session in first:
            await took(session, ECHO)
        before = sum(memory(process))
        rest = [await stack.enter_async_context(opened(url)) for _ in range(sessions)]
        for session in rest:
            await took(session, ECHO)
        each = (sum(memory(process)) - before) / sessions
    print(f"{sessions} idle sessions: {each:.3f} MB each (at most 1)")


async def flood(url: str, cases: list[Case]) -> None:
    """What others notice of a session that sends as fast as it can."""
    for case in cases:
        async with opened(url) as other, opened(url) as flooding:
            messages = [case.messages[turn % len(case.messages)] for turn in range(TIMES)]
            quiet = [await took(other, message) for message in messages]
            sending = asyncio.create_task(_flood(flooding, case.messages[0]))
            await asyncio.sleep(0.5)
            wet = [await took(other, message) for message in messages]
            sending.cancel()
        ratio = p95(wet) / p95(quiet)
        print(f"a flood of the same from one session, {case.name}:")
        print(
            f"  others' p95 quiet {p95(quiet) * 1e3:.1f} ms, flooded {p95(wet) * 1e3:.1f} ms,"
            f" ratio {ratio:.2f} (at most 2)"
        )


async def _flood(session: ClientConnection, message: str) -> None:
    async def sending() -> None:
        while True:
            await session.send(message)

    async def reading() -> None:
        async for _ in session:
            pass

    await asyncio.gather(sending(), reading())


async def soak(url: str, cases: list[Case], process: int, seconds: float) -> None:
    """Sessions come and go, more and fewer of them, and the memory of the server is watched."""
    end = time.monotonic() + seconds
    answered, wave = 0, 0
    print(f"{seconds:.0f} s of rising and falling load:")
    while time.monotonic() < end:
        sessions = (4, 16, 32, 8, 1)[wave % 5]
        until = min(end, time.monotonic() + 20)

        async def talking(until: float = until) -> int:
            count = 0
            while time.monotonic() < until:
                async with opened(url) as session:
                    for case in cases * 3:
                        reply = json.loads(await _said(session, case.messages[count % len(case.messages)]))
                        assert "error" not in reply, reply
                        count += 1
            return count

        answered += sum(await asyncio.gather(*(talking() for _ in range(sessions))))
        wave += 1
        held = memory(process)
        print(
            f"  {sessions:3} sessions: {answered:7} answered so far, {sum(held):6.0f} MB:"
            f" server {held[0]:.0f}, beside it {', '.join(f'{one:.0f}' for one in held[1:])}",
            flush=True,
        )


# ── messages


def _cases(engines: Engines, film: Path | None) -> Iterator[Case]:
    for make in (_language, lambda engines: _face(engines, film), _sound):
        try:
            yield make(engines)
        except EngineMissing as missing:
            print(f"left out: {missing}")


def _language(engines: Engines) -> Case:
    model = MODELS["language"](MODELS["language"].options(), engines, None)

    passages = list(model.cut.segments(Reading(text_media(TEXT, "0"), engines, None)))

    def alone() -> None:
        engines.text_reader.read_texts(passages)

    message = {"data": TEXT, "raw_text": True, "models": {"language": {}}}
    return Case("language, the 20 words of a text", (json.dumps(message),), alone, "≤ 1.3, p50 ≤ 8 ms")


def _face(engines: Engines, film: Path | None) -> Case:
    model = MODELS["face"](MODELS["face"].options(), engines, None)
    pictures = _jpegs(film)
    frames = cycle([next(open_media(one, "0", Settings()).frames((Wanted(0),))) for one in pictures])
    messages = tuple(
        json.dumps({"data": b64encode(one).decode(), "models": {"face": {}}}) for one in pictures
    )
    return Case(
        "face, JPEGs of 640 × 480", messages, lambda: model.predict([next(frames)]), "≤ 1.3, p50 ≤ 25 ms"
    )


def _sound(engines: Engines) -> Case:
    """Two seconds for prosody and burst."""
    sound = np.concatenate(list(open_media(CALL, "0", Settings()).sound()))[2 * SOUND_RATE : 4 * SOUND_RATE]
    names = ["prosody", "burst"]

    def alone() -> None:
        list(engines.voice_activity.speech([sound]))
        (heard,) = engines.voice.hear([sound])
        engines.voice.prosody([heard])
        if found := engines.voice.find_bursts(heard):
            engines.voice.bursts([heard] * len(found))

    message = {
        "data": b64encode(_wav(sound)).decode(),
        "models": {name: {} for name in names},
        "reset_stream": True,
    }
    return Case(f"{' + '.join(names)}, 2 s of sound", (json.dumps(message),), alone, "p50 ≤ 30 ms with burst")


def _wav(sound: Sound) -> bytes:
    samples = (sound * 32767).astype("<i2").tobytes()
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\1\0\1\0"
    head += SOUND_RATE.to_bytes(4, "little") + (2 * SOUND_RATE).to_bytes(4, "little") + b"\2\0\x10\0"
    return head + b"data" + len(samples).to_bytes(4, "little") + samples


def _jpegs(film: Path | None) -> list[bytes]:
    """Three frames a second of the begin of a film, there and back, as a camera would send them; or,
    without one, a picture of nobody."""
    if film is None:
        return [_jpeg(av.VideoFrame.from_ndarray(np.full((480, 640, 3), 128, np.uint8), format="rgb24"))]
    wanted = map(Wanted, range(0, 128, 8))
    images = [frame.image for frame in open_media(film, film.name, Settings()).frames(wanted)]
    pictures = [_jpeg(av.VideoFrame.from_ndarray(image, format="rgb24")) for image in images]
    return pictures + pictures[-2:0:-1]


def _jpeg(frame: av.VideoFrame) -> bytes:
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 640, 480, "yuvj420p", Fraction(1, 25)
    frame = frame.reformat(width=640, height=480, format="yuvj420p")
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


# ── asking


def opened(url: str) -> connect:
    return connect(url, max_size=None, compression=None)


async def _said(session: ClientConnection, message: str) -> str:
    await session.send(message)
    return str(await session.recv())


async def took(session: ClientConnection, message: str) -> float:
    begin = time.perf_counter()
    await _said(session, message)
    return time.perf_counter() - begin


async def _asked(url: str, message: str) -> None:
    async with opened(url) as session:
        reply = json.loads(await _said(session, message))
        assert "error" not in reply, reply


def ms(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:6.1f} ms"


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def memory(process: int) -> list[float]:
    """Megabytes that a process holds, then each that it has started: its worker, and what decodes for it."""
    started = Path(f"/proc/{process}/task").glob("*/children")
    own = [str(process), *(child for children in started for child in children.read_text().split())]
    return [sum(int(line.split()[1]) for line in _held(one) if line.startswith("Pss:")) / 1024 for one in own]


def _held(process: str) -> list[str]:
    try:
        return Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # has ended meanwhile
        return []


@contextmanager
def server(home: Path) -> Iterator[tuple[str, int]]:
    """A server of our own on a free port: its socket's address, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mien", "serve", "--port", str(port), "--home", str(home)]
    environment = os.environ | {"MIEN_STREAM_IDLE_SECONDS": "3600"}
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    try:
        for _ in range(600):
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield f"ws://127.0.0.1:{port}/v0/stream/models", process.pid
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
