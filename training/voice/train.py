"""Train the encoder on what EmoGator's speakers were asked to express, and on what a teacher hears.

    python -m training.voice.train --work WORK [--minutes 45]

WORK is the folder that `training.voice.data` and `training.voice.teacher` filled. The rates follow the
minutes of processor time spent rather than a number of epochs, so that training takes what it was
given, however it is paused. A checkpoint is written after each epoch, and a run that was stopped goes
on from it.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.average import follow
from training.clock import Clock
from training.precision import halved
from training.voice.augment import bands_changed
from training.voice.data import DEVELOPMENT, EMOGATOR, TRAIN, Clips, load
from training.voice.network import HOP, Classifier, LogMel, normalised

BATCH = 64
RATE = 1.5e-3
DECAY = 0.05
SMOOTHING = 0.1
MIXED = 0.35
"""Share of the batches in which bursts are mixed two by two."""

LENGTH, LONGEST = 144, 193
"""Frames of a clip that the network learns from at a time, and those that are kept of each: EmoGator's
last 1.92 s."""

SHOWN = 4
"""Epochs after which it is tried on development speakers."""

HELD = 2
"""Blocks that stay as they are when training begins with weights: what they hear, edges and tones, is
learned first, and a quarter of a step goes into learning it."""

TAUGHT, TAUGHT_WEIGHT = 48, 0.3
"""Main components of the teacher's scores, and by how much they count."""


def bands_of(clips: Clips, cache: Path) -> tuple[Tensor, Tensor]:
    """(recordings, 193, 64) logarithms of power as half floats, and how many frames of each count."""
    if not cache.exists():
        front = LogMel()
        found = np.zeros((len(clips), LONGEST, 64), np.float16)
        for index in range(len(clips)):
            sound = torch.from_numpy(clips[index][: (LONGEST - 1) * HOP])[None]
            bands = front.bands(sound, torch.tensor([sound.shape[1]]))[0][0]
            found[index, : bands.shape[1]] = bands.T.numpy()
        np.save(cache, found)
    lengths = np.minimum(np.diff(clips.offsets) // HOP + 1, LONGEST)
    return torch.from_numpy(np.load(cache)), torch.from_numpy(lengths)


def taught(teacher: Path, learned: NDArray[np.int64]) -> Tensor:
    """(recordings, 48) of unit variance: what sets the teacher's scores apart, learned from some."""
    scores = np.load(teacher)[:, 0].astype(np.float32)
    scores -= scores[learned].mean(0)
    variance, directions = np.linalg.eigh(np.cov(scores[learned].T))
    main = scores @ directions[:, ::-1][:, :TAUGHT]
    return torch.from_numpy((main / np.sqrt(variance[::-1][:TAUGHT])).astype(np.float32))


def step_loss(
    network: Classifier, bands: Tensor, labels: Tensor, teacher: Tensor, rng: np.random.Generator
) -> Tensor:
    """Cross entropy with smoothed labels, distance from the teacher, and mixup."""
    classes = network.head.out_features
    target = functional.one_hot(labels, classes) * (1 - SMOOTHING) + SMOOTHING / classes
    if rng.random() < MIXED:
        share, other = float(rng.beta(0.4, 0.4)), torch.randperm(len(labels))
        bands = torch.lerp(bands[other], bands, share)
        target = torch.lerp(target[other], target, share)
        teacher = torch.lerp(teacher[other], teacher, share)
    with halved():
        logits, said = network(bands)
    crossed = -(target * functional.log_softmax(logits.float(), 1)).sum(1).mean()
    return crossed + TAUGHT_WEIGHT * functional.smooth_l1_loss(said.float(), teacher)


@torch.no_grad()
def logits_of(network: Classifier, bands: Tensor, frames: Tensor) -> Tensor:
    """(recordings, classes) of bands as `bands_of` gives them."""
    network.eval()
    found = []
    for some, count in zip(bands.split(256), frames.split(256), strict=True):
        inside = torch.arange(some.shape[1])[None] < count[:, None]
        found.append(network(normalised(some.float().transpose(1, 2), inside), count)[0].float())
    return torch.cat(found)


def train(work: Path, minutes: float, checkpoint: Path, start: Path | None) -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    clips = load(work, "emogator")
    indices, held_out = clips.of(TRAIN), clips.of(DEVELOPMENT)
    bands, frames = bands_of(clips, work / "emogator.bands.npy")
    labels, teacher = torch.from_numpy(clips.labels), taught(work / "yamnet.npy", indices)
    network, average = Classifier(len(EMOGATOR), TAUGHT), Classifier(len(EMOGATOR), TAUGHT)
    held: list[nn.Module] = []
    if start:
        network.load_state_dict(torch.load(start, weights_only=True)["average"])
        held = [network.encoder.stem, network.encoder.stem_norm, *network.encoder.blocks[:HELD]]
        for part in held:
            part.requires_grad_(False)
    average.load_state_dict(network.state_dict())
    network = network.to(memory_format=torch.channels_last)
    network.compile()
    learning = [p for p in network.parameters() if p.requires_grad]
    matrices, others = [p for p in learning if p.ndim > 1], [p for p in learning if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
        lr=RATE,
        fused=True,
    )
    parts = {"network": network, "average": average, "optimizer": optimizer}
    clock = Clock(minutes * 60)
    epoch = _resume(checkpoint, parts, clock)
    steps = len(indices) // BATCH
    while clock.part < 1:
        begun, total, taken = clock.spent, 0.0, 0
        shuffled = torch.from_numpy(rng.permutation(indices))
        network.train()
        for part in held:
            part.eval()
        for step in range(steps):
            if clock.part >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = RATE * clock.rate
            some = shuffled[step * BATCH : (step + 1) * BATCH]
            changed = bands_changed(bands[some].float(), frames[some], LENGTH, rng)
            loss = step_loss(network, changed, labels[some], teacher[some], rng)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            clock.steps += 1
            follow(average, network, clock.steps)
            total += loss.item()
            taken += 1
        stored = {name: part.state_dict() for name, part in parts.items()}
        torch.save(stored | {"epoch": epoch, "clock": clock.state()}, checkpoint)
        said = f"epoch {epoch}: loss {total / max(taken, 1):.3f}, {clock.spent - begun:.0f} s"
        if epoch % SHOWN == 0 or clock.part >= 1:
            top1, top5 = hits(logits_of(average, bands[held_out], frames[held_out]), labels[held_out])
            said += f", development speakers top-1 {top1:.3f} top-5 {top5:.3f}"
        print(said, flush=True)
        epoch += 1


def hits(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """How often the intended expression is first, and among the first five."""
    above = (logits > logits.gather(1, labels[:, None])).sum(1)
    return float((above < 1).float().mean()), float((above < 5).float().mean())


def _resume(checkpoint: Path, parts: dict[str, Any], clock: Clock) -> int:
    if not checkpoint.exists():
        return 0
    stored = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(stored[name])
    clock.go_on(stored["clock"])
    print(f"going on after epoch {stored['epoch']}")
    return int(stored["epoch"]) + 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--threads", type=int, default=0, help="0 is all; 1 where the machine is shared")
    parser.add_argument("--name", default="encoder", help="of the checkpoint in WORK")
    parser.add_argument("--start", type=Path, help="a checkpoint whose weights to begin with")
    wanted = parser.parse_args()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    train(wanted.work, wanted.minutes, wanted.work / f"{wanted.name}.pt", wanted.start)


if __name__ == "__main__":
    main()
