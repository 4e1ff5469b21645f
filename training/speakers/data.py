"""Voices to learn from, and what the teacher makes of each.

    python -m training.speakers.data --work WORK --teacher pretrained.pt

WORK is the folder that `training.voice.data` filled. Written into it: `voices.npy` (what the network
sees of all sound) and `voices.npz` (where each piece is, whose it is, the teacher's mean embedding of each voice).

A recording that is played faster, with other formants, is another voice: the teacher says which.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.speakers.network import HOP, Bands
from training.speakers.teacher import Teacher
from training.voice.data import RATE, TRAIN, Clips, load

Sound = NDArray[np.float32]

FRONT = Bands()

TEST_OTHER = (1688, 2033, 2609, 3005, 3331)
"""LibriSpeech's speakers with ten utterances each, to report on."""

ACTORS = (15, 16)
"""EMO-DB's actors to report on."""

COPIES = 7
"""Voices that are made of each read utterance, beside its own."""

LONGEST = 12 * RATE
"""Samples of an utterance that are learned from."""

BURSTS = 24
"""Recordings of each of EmoGator's speakers that are learned from."""


def librispeech(clips: Clips) -> tuple[list[int], list[int], list[int]]:
    """Speakers with one utterance each, by number: to train on, to choose by, to report on."""
    ones = sorted(set(clips.speakers.tolist()) - set(TEST_OTHER))
    return [one for k, one in enumerate(ones) if k % 5 != 4], ones[4::10], ones[9::10]


def voices(work: Path) -> Iterator[tuple[str, list[Sound]]]:
    """Each voice with its recordings."""
    rng = np.random.default_rng(0)
    read, acted, bursts = (load(work, name) for name in ("librispeech", "emodb", "emogator"))
    for speaker in librispeech(read)[0]:
        (index,) = read.of(range(speaker, speaker + 1))
        sound = read[index][:LONGEST]
        yield f"read {speaker}", [sound]
        for _ in range(COPIES):
            yield "made", [other_voice(sound, rng)]
    for speaker in sorted(set(acted.speakers.tolist()) - set(ACTORS)):
        sounds = [trimmed(acted[i]) for i in acted.of(range(speaker, speaker + 1))]
        yield f"acted {speaker}", sounds
        for _ in range(2):
            speed, formants = _chosen(rng)
            yield "made", [other_voice(sound, rng, speed, formants) for sound in sounds[::3]]
    for speaker in TRAIN:
        indices = bursts.of(range(speaker, speaker + 1))
        some = rng.choice(indices, min(BURSTS, len(indices)), replace=False)
        sounds = [trimmed(bursts[i]) for i in some]
        if sounds := [sound for sound in sounds if len(sound) >= RATE * 0.6]:
            yield f"bursts {speaker}", sounds


def _chosen(rng: np.random.Generator) -> tuple[float, float]:
    return rng.uniform(0.82, 1.22), rng.uniform(0.88, 1.14)


def other_voice(
    sound: Sound, rng: np.random.Generator, speed: float | None = None, formants: float | None = None
) -> Sound:
    """The same words in another voice: `speed` moves pitch and formants, `formants` these alone."""
    if speed is None or formants is None:
        speed, formants = _chosen(rng)
    places = np.arange(0, len(sound) - 1, speed)
    faster = np.interp(places, np.arange(len(sound)), sound)
    return _with_formants(faster, formants).astype(np.float32)


def _with_formants(sound: NDArray[np.float64], factor: float, size: int = 512) -> NDArray[np.float64]:
    """The spectral envelope (the first cepstral coefficients) stretched, what lies below it kept."""
    hop = size // 4
    window = np.hanning(size + 1)[:-1]
    padded = np.pad(sound, (size, size + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window
    spectrum = np.fft.rfft(frames)
    logs = np.log(np.abs(spectrum) + 1e-6)
    cepstrum = np.fft.irfft(logs)
    cepstrum[:, 30 : size - 29] = 0
    envelope = np.fft.rfft(cepstrum).real
    bins = np.arange(size // 2 + 1)
    places = np.minimum(bins / factor, size // 2)
    low = np.minimum(places.astype(int), size // 2 - 1)
    stretched = envelope[:, low] + (envelope[:, low + 1] - envelope[:, low]) * (places - low)
    changed = np.fft.irfft(spectrum * np.exp(np.clip(stretched - envelope, -4, 4))) * window
    out = np.zeros(len(padded) + size)
    for k, frame in enumerate(changed):
        out[k * hop : k * hop + size] += frame
    return out[size : size + len(sound)] / 1.5


def trimmed(sound: Sound) -> Sound:
    """Without the silence around it: what is 35 dB below its loudest."""
    frame = RATE // 50
    if len(sound) < 2 * frame:
        return sound
    level = np.sqrt((sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2).mean(1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-35 / 20))
    return sound[loud[0] * frame : (loud[-1] + 1) * frame]


@torch.no_grad()
def seen(sound: Sound) -> NDArray[np.float16]:
    """(frames, 64): the bands of a recording."""
    found: NDArray[np.float16] = FRONT(torch.from_numpy(sound)[None])[0].T.numpy().astype(np.float16)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    wanted = parser.parse_args()
    teacher = Teacher(wanted.teacher)
    names: list[str] = []
    pieces: list[NDArray[np.float16]] = []
    owners: list[int] = []
    targets: list[NDArray[np.float32]] = []
    begin = time.time()
    some = voices(wanted.work)
    while batch := list(islice(some, 50)):
        heard = iter(teacher.heard([sound for _, sounds in batch for sound in sounds]))
        for name, sounds in batch:
            targets.append(np.concatenate([next(heard) for _ in sounds]).mean(0))
            owners += [len(names)] * len(sounds)
            names.append(name)
            pieces += [seen(sound) for sound in sounds]
        print(f"{len(names)} voices, {time.time() - begin:.0f} s", flush=True)
    offsets = np.cumsum([0, *map(len, pieces)])
    np.save(wanted.work / "voices.npy", np.concatenate(pieces))
    np.savez(
        wanted.work / "voices.npz",
        offsets=offsets,
        owners=np.array(owners),
        targets=np.array(targets, np.float32),
        names=np.array(names),
    )
    print(
        f"{len(names)} voices, {len(pieces)} pieces, {offsets[-1] * HOP / RATE / 3600:.1f} h, {time.time() - begin:.0f} s"
    )


if __name__ == "__main__":
    main()
