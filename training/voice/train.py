"""Train the encoder on what EmoGator's speakers were asked to express.

    python -m training.voice.train --work WORK [--epochs 14]

WORK is the folder that `training.voice.data` filled. A checkpoint is written after each epoch, and
a run that was stopped goes on from it.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.voice.augment import bands_changed, sound_changed, taken
from training.voice.data import DEVELOPMENT, EMOGATOR, TRAIN, Clips, load
from training.voice.network import Classifier, LogMel

BATCH = 64
RATE = 2e-3
SMOOTHING = 0.1


def batch(clips: Clips, indices: NDArray[np.int64], rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
    """Log-mel bands and frames of some recordings; changed at random when `rng` is given."""
    pieces = [taken(clips[i], rng) if rng else clips[i] for i in indices]
    lengths = torch.tensor([len(piece) for piece in pieces])
    sound = torch.zeros(len(pieces), int(lengths.max()))
    for row, piece in zip(sound, pieces, strict=True):
        row[: len(piece)] = torch.from_numpy(piece)
    if rng is None:
        return front(sound, lengths)
    bands, frames = front(sound_changed(sound, lengths, rng), lengths)
    return bands_changed(bands, frames, rng), frames


front = LogMel().requires_grad_(False)


def step_loss(
    network: Classifier, bands: Tensor, frames: Tensor, labels: Tensor, rng: np.random.Generator
) -> Tensor:
    """Cross entropy with smoothed labels and mixup."""
    classes = network.head.out_features
    target = functional.one_hot(labels, classes) * (1 - SMOOTHING) + SMOOTHING / classes
    share = float(rng.beta(0.4, 0.4)) if rng.random() < 0.7 else 1.0
    if share < 1:
        other = torch.randperm(len(labels))
        bands = share * bands + (1 - share) * bands[other]
        target = share * target + (1 - share) * target[other]
        frames = torch.maximum(frames, frames[other])
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(bands, frames)
    return -(target * functional.log_softmax(logits.float(), 1)).sum(1).mean()


@torch.no_grad()
def logits_of(network: Classifier, clips: Clips, indices: NDArray[np.int64]) -> Tensor:
    """(recordings, classes), in the order given."""
    network.eval()
    order = sorted(range(len(indices)), key=lambda k: len(clips[indices[k]]))
    found = torch.empty(len(indices), network.head.out_features)
    for k in range(0, len(order), BATCH):
        some = order[k : k + BATCH]
        found[some] = network(*batch(clips, indices[some], None)).float()
    return found


def train(work: Path, epochs: int, checkpoint: Path) -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    clips = load(work, "emogator")
    indices, held_out = clips.of(TRAIN), clips.of(DEVELOPMENT)
    network, average = Classifier(len(EMOGATOR)), Classifier(len(EMOGATOR))
    network = network.to(memory_format=torch.channels_last)
    average.load_state_dict(network.state_dict())
    matrices = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], lr=RATE
    )
    steps = len(indices) // BATCH * epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.12)
    parts = {"network": network, "average": average, "optimizer": optimizer, "schedule": schedule}
    first = _resume(checkpoint, parts)
    for epoch in range(first, epochs):
        begun, total = time.time(), 0.0
        shuffled = rng.permutation(indices)
        network.train()
        for k in range(0, len(shuffled) - BATCH + 1, BATCH):
            some = shuffled[k : k + BATCH]
            bands, frames = batch(clips, some, rng)
            loss = step_loss(network, bands, frames, torch.from_numpy(clips.labels[some]), rng)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            _follow(average, network, schedule.last_epoch)
            total += loss.item()
            if k // BATCH % 100 == 99:
                print(f"  {k // BATCH + 1} of {len(indices) // BATCH} steps", flush=True)
        torch.save({name: part.state_dict() for name, part in parts.items()} | {"epoch": epoch}, checkpoint)
        logits = logits_of(average, clips, held_out)
        top1, top5 = hits(logits, torch.from_numpy(clips.labels[held_out]))
        print(
            f"epoch {epoch}: loss {total / (len(indices) // BATCH):.3f}, development speakers"
            f" top-1 {top1:.3f} top-5 {top5:.3f}, {time.time() - begun:.0f} s",
            flush=True,
        )


def hits(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """How often the intended expression is first, and among the first five."""
    above = (logits > logits.gather(1, labels[:, None])).sum(1)
    return float((above < 1).float().mean()), float((above < 5).float().mean())


@torch.no_grad()
def _follow(average: Classifier, network: Classifier, step: int) -> None:
    """Move the average of the weights a little towards the weights."""
    keep = min(0.998, (1 + step) / (10 + step))
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - keep)
        else:
            mean.copy_(now)


def _resume(checkpoint: Path, parts: dict) -> int:  # type: ignore[type-arg]
    if not checkpoint.exists():
        return 0
    stored = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(stored[name])
    print(f"going on after epoch {stored['epoch']}")
    return int(stored["epoch"]) + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--threads", type=int, default=0, help="0 is all; 1 where the machine is shared")
    parser.add_argument("--name", default="encoder", help="of the checkpoint in WORK")
    wanted = parser.parse_args()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    train(wanted.work, wanted.epochs, wanted.work / f"{wanted.name}.pt")


if __name__ == "__main__":
    main()
