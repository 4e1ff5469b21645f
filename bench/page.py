"""How fast the page shows an hour of film: 10,800 faces × 48 expressions, 10,000 words × 53, speech, bursts.

The result is made up, put into a store of its own and opened in headless Chromium over loopback:

    python bench/page.py                 # prints the figures; needs Chromium, playwright and the page
    python bench/page.py --keep FOLDER   # only makes the result, to look at with MIEN_HOME=FOLDER mien serve
"""

import argparse
import json
import math
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from mien import labels
from mien.app import App, build, served
from mien.jobs.job import NewJob, NewSource, NewTask, Outcome
from mien.settings import Settings
from mien.types import FileSource
from mien.wire.batch import Request

sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests' server

from tests.api.serving import serving

FPS, LOOKS = 30, 3
"""Frames a second of the film, and how many of them are looked at."""

WORDS = "well so we thought that it would be good to look at what people do when nobody asks".split()  # noqa: SIM905  # reads as it is said


def made_up(seconds: int, words: int, seed: int = 7) -> list[dict[str, Any]]:
    """A predictions JSON of one film: one face, prosody by sentence, language by word, some bursts."""
    random = np.random.default_rng(seed)
    times = np.arange(seconds * LOOKS) / LOOKS
    face = _smooth(random, len(times), len(labels.EXPRESSIONS), 12, 0.55)
    facs = _smooth(random, len(times), len(labels.FACS), 8, 0.5)
    spoken = np.sort(random.uniform(0, seconds - 1, words))
    said = [random.choice(WORDS) + ("." if i % 12 == 11 else "") for i in range(words)]
    at = np.cumsum([0, *(len(word) + 1 for word in said)])
    language = _smooth(random, words, len(labels.SPOKEN_EXPRESSIONS), 14, 0.5)
    sentiment = random.dirichlet(np.ones(9), words)
    sentences = range(0, words - 12, 12)
    prosody = _smooth(random, len(sentences), len(labels.EXPRESSIONS), 4, 0.45)
    bursts = np.sort(random.uniform(0, seconds - 1, max(1, seconds // 90)))
    calls = _smooth(random, len(bursts), len(labels.EXPRESSIONS), 1, 0.7)
    described = random.dirichlet(np.full(len(labels.BURST_DESCRIPTIONS), 0.1), len(bursts))
    one = {"confidence": None, "speaker_confidence": None}
    models = {
        "face": _grouped(
            "face_0",
            [
                {
                    "frame": round(time * FPS),
                    "time": round(time, 6),
                    "prob": 0.99,
                    "box": {"x": 260 + 40 * math.sin(time / 5), "y": 90.0, "w": 130.0, "h": 160.0},
                    "emotions": _scores(labels.EXPRESSIONS, face[i]),
                    "facs": _scores(labels.FACS, facs[i]),
                    "descriptions": None,
                }
                for i, time in enumerate(times.tolist())
            ],
        ),
        "burst": _grouped(
            "unknown",
            [
                {
                    "time": {"begin": time, "end": time + 0.8},
                    "emotions": _scores(labels.EXPRESSIONS, calls[i]),
                    "descriptions": _scores(labels.BURST_DESCRIPTIONS, described[i]),
                }
                for i, time in enumerate(bursts.tolist())
            ],
        ),
        "prosody": _grouped(
            "unknown",
            [
                {
                    "text": " ".join(said[first : first + 12]),
                    "time": {"begin": spoken[first].item(), "end": spoken[first + 11].item() + 0.3},
                    **one,
                    "emotions": _scores(labels.EXPRESSIONS, prosody[i]),
                }
                for i, first in enumerate(sentences)
            ],
        ),
        "language": _grouped(
            "unknown",
            [
                {
                    "text": word,
                    "position": {"begin": int(at[i]), "end": int(at[i]) + len(word)},
                    "time": {"begin": begin, "end": begin + 0.28},
                    **one,
                    "emotions": _scores(labels.SPOKEN_EXPRESSIONS, language[i]),
                    "sentiment": _scores(labels.SENTIMENT, sentiment[i]),
                    "toxicity": None,
                }
                for i, (word, begin) in enumerate(zip(said, spoken.tolist(), strict=True))
            ],
        ),
    }
    source = {"type": "file", "filename": "hour.mp4", "content_type": "video/mp4", "md5sum": "0" * 32}
    film = {"file": "hour.mp4", "file_type": "video", "models": models}
    return [{"source": source, "results": {"predictions": [film], "errors": []}}]


def _smooth(random: np.random.Generator, rows: int, names: int, width: int, most: float) -> np.ndarray:
    """Scores that go up and down slowly, a few names of which are high."""
    noise = random.normal(size=(rows + 4 * width, names))
    kernel = np.hanning(4 * width + 1)[1:-1] if width > 1 else np.ones(1)
    kernel /= np.sqrt((kernel**2).sum())
    waves = np.stack([np.convolve(column, kernel, "same") for column in noise.T], 1)
    bias = np.sort(random.gumbel(size=names))[random.permutation(names)]
    return np.round(most / (1 + np.exp(3.2 - 0.9 * bias - waves[:rows])), 6)


def _scores(names: tuple[str, ...], row: np.ndarray) -> list[dict[str, Any]]:
    return [{"name": name, "score": score} for name, score in zip(names, row.tolist(), strict=True)]


def _grouped(person: str, predictions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"metadata": None, "grouped_predictions": [{"id": person, "predictions": predictions}]}


def kept(mien: App, predictions: list[dict[str, Any]], media: Path | None = None) -> str:
    """A job that has ended with these predictions; with its film, where one is given."""
    job_id = str(uuid4())
    file = FileSource(filename=predictions[0]["source"]["filename"], content_type=None, md5sum="0" * 32)
    key = f"jobs/{job_id}/upload/0"
    if media:
        with mien.files.write(key) as out:
            out.write(media.read_bytes())
        with mien.files.write(f"jobs/{job_id}/originals/0") as out:
            out.write(json.dumps([{"file": file.filename, "key": key}]).encode())
    job = NewJob(id=job_id, request=Request(), sources=(NewSource(source=file, key=key),))
    mien.jobs.add(job, max_queued=9)
    while task := mien.jobs.claim("bench", ["open", "measure", "finish"], 60):
        follow = (NewTask(kind="measure"),) if task.kind == "open" else ()
        result = f"jobs/{job_id}/result/{task.id}" if task.kind == "measure" else None
        mien.jobs.done(task, "bench", Outcome(follow=follow, result=result, num_predictions=1))
    with mien.files.write(f"jobs/{job_id}/predictions.json") as out:
        out.write(json.dumps(predictions, separators=(",", ":")).encode())
    return job_id


AFTER_TWO_FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() / 1000))))"""

FRAMES = """(async (act) => {
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  for (let i = 0; i < 90; i++) {
    act(i / 90);
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  times.sort((a, b) => a - b);
  const sum = times.reduce((a, b) => a + b);
  return { fps: 1000 * times.length / sum, p95: times[Math.floor(times.length * 0.95)] };
})"""

SCRUB = """(share) => {
  const plot = document.querySelector('.ruler .lane-plot').getBoundingClientRect();
  const clientX = plot.left + 45 + share * (plot.width - 60);
  const at = { clientX, clientY: plot.top + 9, bubbles: true, pointerId: 1 };
  const target = document.querySelector('.ruler .lane-plot');
  target.dispatchEvent(new PointerEvent('pointerdown', { ...at, clientX: plot.left }));
  target.dispatchEvent(new PointerEvent('pointermove', at));
  target.dispatchEvent(new PointerEvent('pointerup', at));
}"""

ZOOM = """(share) => {
  const plot = document.querySelector('.ruler .lane-plot').getBoundingClientRect();
  document.querySelector('.lane .lane-plot').dispatchEvent(new WheelEvent('wheel', {
    deltaY: share < 0.5 ? -60 : 60, ctrlKey: true, clientX: plot.left + plot.width / 2,
    bubbles: true, cancelable: true }));
}"""


def figures(page: Page, address: str) -> dict[str, float]:
    """Seconds until things are seen, and frames a second while somebody scrubs and zooms."""
    page.set_default_timeout(300_000)
    page.goto(address)
    page.wait_for_selector(".stage .chosen li")
    shown = page.evaluate(AFTER_TWO_FRAMES)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime / 1000")
    busy = page.context.new_cdp_session(page)
    busy.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = [_busy(busy)]
    seen = []
    for act in (SCRUB, ZOOM):
        seen.append(page.evaluate(f"{FRAMES}({act})"))
        spent.append(_busy(busy))
    scrub, zoom = seen
    return {
        "first paint (s)": painted,
        "all lanes drawn (s)": shown,
        "scrubbing (frames a second)": scrub["fps"],
        "scrubbing, slowest twentieth (ms)": scrub["p95"],
        "scrubbing, processor a frame (ms)": (spent[1] - spent[0]) / 90 * 1000,
        "zooming (frames a second)": zoom["fps"],
        "zooming, slowest twentieth (ms)": zoom["p95"],
        "zooming, processor a frame (ms)": (spent[2] - spent[1]) / 90 * 1000,
        "memory of the page's scripts (MB)": page.evaluate("performance.memory.usedJSHeapSize / 1e6"),
    }


def _busy(session: CDPSession) -> float:
    """Seconds that the main thread has had a processor, which other work on the machine hardly changes."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, help="a home to keep the result in, instead of measuring")
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--film", type=Path, help="a film to show with it")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        settings = Settings(home=asked.keep or Path(folder))
        mien = build(settings)
        predictions = made_up(asked.seconds, asked.words)
        job = kept(mien, predictions, asked.film)
        size = len(json.dumps(predictions, separators=(",", ":")))
        print(f"{size / 1e6:.0f} MB of predictions JSON: /result/{job}")
        if asked.keep:
            return
        with serving(served(mien), settings) as address, sync_playwright() as driver:
            program = os.environ.get("MIEN_CHROMIUM") or shutil.which("chromium")
            flags = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
            browser = driver.chromium.launch(executable_path=program, args=flags)
            for name, value in figures(browser.new_page(), f"{address}/result/{job}").items():
                print(f"{name:36} {value:8.2f}")


if __name__ == "__main__":
    main()
