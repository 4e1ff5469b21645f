"""Recordings as arrays: EmoGator, EMO-DB, LibriSpeech.

    python -m training.voice.data --data DATA --out WORK

DATA is a folder with `voice/emogator/speakers_*.tar`, `voice/emodb.tar` and `voice/librispeech.tar`.
"""

import argparse
import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 16_000

EMOGATOR = (
    "Adoration", "Amusement", "Anger", "Awe", "Confusion", "Contempt", "Contentment", "Desire",
    "Disappointment", "Disgust", "Distress", "Ecstasy", "Elation", "Embarrassment", "Fear", "Guilt",
    "Interest", "Neutral", "Pain", "Pride", "Realization", "Relief", "Romantic Love", "Sadness",
    "Serenity", "Shame", "Surprise (Negative)", "Surprise (Positive)", "Sympathy", "Triumph",
)  # fmt: skip
"""What EmoGator's speakers were asked to express, in the order of its numbers 01 to 30."""

EMODB = {
    "W": "Anger",
    "L": "Boredom",
    "E": "Disgust",
    "A": "Fear",
    "F": "Happiness",
    "T": "Sadness",
    "N": "Neutral",
}
"""What EMO-DB's actors were asked to express, by the letter in the file's name."""

TRAIN, DEVELOPMENT, TEST = range(1, 221), range(221, 241), range(241, 301)
"""EmoGator's speakers: to train on, to choose and calibrate by, to report on."""


@dataclass(frozen=True, slots=True)
class Clips:
    """Recordings one after another, so that they can be mapped into memory."""

    samples: NDArray[np.int16]
    offsets: NDArray[np.int64]
    speakers: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        """One recording, -1 to 1."""
        piece = self.samples[self.offsets[index] : self.offsets[index + 1]]
        return np.asarray(piece, np.float32) / 32768

    def of(self, speakers: range) -> NDArray[np.int64]:
        """The numbers of the recordings by these speakers."""
        return np.flatnonzero(np.isin(self.speakers, speakers))


def load(folder: Path, name: str) -> Clips:
    """What `main` stored under a name: `emogator`, `emodb` or `librispeech`."""
    index = np.load(folder / f"{name}.npz")
    samples = np.load(folder / f"{name}.npy", mmap_mode="r")
    return Clips(samples, index["offsets"], index["speakers"], index["labels"])


def emogator(tar: Path) -> list[tuple[int, int, NDArray[np.int16]]]:
    """(speaker, emotion from 0, samples) of an archive with clips `speaker-emotion-take.opus`."""
    found = []
    for stem, samples in _read(tar):
        speaker, emotion, _ = stem.split("-")
        found.append((int(speaker), int(emotion) - 1, samples))
    return found


def emodb(tar: Path) -> list[tuple[int, int, NDArray[np.int16]]]:
    """The same of EMO-DB, whose names are `SSTTTEv`."""
    letters = list(EMODB)
    return [(int(stem[:2]), letters.index(stem[5]), samples) for stem, samples in _read(tar)]


def librispeech(tar: Path) -> list[tuple[int, int, NDArray[np.int16]]]:
    """The same of read speech, `speaker-chapter-utterance`; its label is always 0."""
    return [(int(stem.split("-")[0]), 0, samples) for stem, samples in _read(tar)]


def _read(tar: Path) -> Iterator[tuple[str, NDArray[np.int16]]]:
    with tarfile.open(tar) as archive:
        for member in archive:
            path = Path(member.name)
            if member.isfile() and path.suffix in {".opus", ".flac"} and not path.name.startswith("."):
                file = archive.extractfile(member)
                assert file is not None
                samples, rate = soundfile.read(io.BytesIO(file.read()), dtype="int16")
                assert rate == RATE, f"{member.name} has {rate} samples a second"
                yield path.stem, samples if samples.ndim == 1 else samples[:, 0]


def _store(folder: Path, name: str, found: list[tuple[int, int, NDArray[np.int16]]]) -> None:
    speakers, labels, samples = zip(*found, strict=True)
    offsets = np.cumsum([0, *map(len, samples)])
    np.save(folder / f"{name}.npy", np.concatenate(samples))
    np.savez(folder / f"{name}.npz", offsets=offsets, speakers=speakers, labels=labels)
    print(f"{name}: {len(labels)} recordings, {offsets[-1] / RATE / 3600:.1f} h")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    voice = wanted.data / "voice"
    with ProcessPoolExecutor() as pool:
        parts = pool.map(emogator, sorted((voice / "emogator").glob("*.tar")))
        _store(wanted.out, "emogator", [clip for part in parts for clip in part])
    _store(wanted.out, "emodb", emodb(voice / "emodb.tar"))
    _store(wanted.out, "librispeech", librispeech(voice / "librispeech.tar"))


if __name__ == "__main__":
    main()
