"""Train the face network on FER+ votes and rated faces, then on its own scores of all faces.

    python -m training.face.train --data DATA --work WORK [--minutes 40]
    python -m training.face.train --data DATA --work WORK --start face.onnx [--minutes 40]

All faces are rated now; at first a tenth was. Twice on the way the running average of the network names the others,
knowing their votes besides (`network.Informed`), and those scores are learned too. A network trained
further from a shipped one learns from the first step what that says of a face and its mirror image on
average, and no other names after that: the one that knows votes begins anew. The rates follow the
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
from training.face.augment import changed
from training.face.data import CLASSES, PARTS, Faces, read
from training.face.network import FaceNet, Informed
from training.face.start import begin
from training.precision import halved

BATCH = 64
RATE = 1.5e-3
DECAY = 0.05
NAMES_WEIGHT = 12.0
"""By which the mean over 111 names weighs against the cross entropy of the votes."""

GIVEN_WEIGHT = 0.5
"""How much a score that the network itself gave counts beside a rating."""

MIXED = 0.3
"""Share of the batches in which faces are mixed two by two."""

FURTHER = 0.4
"""By how much slower a network learns that was trained before."""

NAMED_AT = (0.35, 0.65)
"""Shares of the time after which the network names unrated faces."""


class Pair(nn.Module):
    """The network that ships, and the one that helps it learn."""

    def __init__(self) -> None:
        super().__init__()
        self.face, self.informed = FaceNet(), Informed()


class Targets:
    """What each face is to be called, and how much that counts."""

    def __init__(self, faces: Faces) -> None:
        self.votes = torch.from_numpy(faces.votes)
        rated = ~np.isnan(faces.ratings[:, 0])
        rated[np.concatenate([faces.development, faces.held_out])] = False
        self.rated = torch.from_numpy(rated)
        self.names = torch.from_numpy(np.nan_to_num(faces.ratings))
        self.weight = self.rated.float()

    def give(self, rows: Tensor, names: Tensor) -> None:
        """Scores for faces that nobody rated."""
        free = ~self.rated[rows]
        self.names[rows[free]] = names[free]
        self.weight[rows[free]] = GIVEN_WEIGHT


def step_loss(pair: Pair, images: Tensor, targets: Targets, rows: Tensor, rng: np.random.Generator) -> Tensor:
    """Cross entropy of votes and names, with mixup."""
    votes, names, weight = targets.votes[rows], targets.names[rows], targets.weight[rows]
    rated = targets.rated[rows].float()
    seen = changed(images)
    if rng.random() < MIXED:
        share, other = float(rng.beta(0.4, 0.4)), torch.randperm(len(rows))
        seen = share * seen + (1 - share) * seen[other]
        votes = share * votes + (1 - share) * votes[other]
        # a mixture counts as far as both its faces were named
        known, total = (share * weight, (1 - share) * weight[other]), weight * weight[other]
        mixed = known[0][:, None] * names + known[1][:, None] * names[other]
        names = mixed / (known[0] + known[1]).clamp_min(1e-6)[:, None]
        weight, rated = total.sqrt(), rated * rated[other]
    with halved():
        embedding, said_votes, said_names = pair.face(seen)
        helped = pair.informed(embedding, votes)
    of_votes = -(votes * functional.log_softmax(said_votes.float(), 1)).sum(1).mean()
    return of_votes + NAMES_WEIGHT * (
        _names_loss(said_names, names, weight) + 0.3 * _names_loss(helped, names, rated)
    )


def _names_loss(logits: Tensor, names: Tensor, weight: Tensor) -> Tensor:
    each = functional.binary_cross_entropy_with_logits(logits.float(), names, reduction="none").mean(1)
    return (each * weight).sum() / weight.sum().clamp_min(1.0)


@torch.no_grad()
def scores_of(network: FaceNet, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Embedding, logits of votes and of names, in evaluation; (faces, …) each."""
    network.eval()
    found = []
    for part in images.split(512):
        with halved():
            found.append([x.float() for x in network(part.float())])
    embedding, votes, names = (torch.cat(x) for x in zip(*found, strict=True))
    return embedding, votes, names


@torch.no_grad()
def named(pair: Pair, images: Tensor, votes: Tensor) -> Tensor:
    """(faces, 111) scores by the average network that knows the votes, over a face and its mirror image."""
    pair.eval()
    seen = (scores_of(pair.face, some)[0] for some in (images, images.flip(2)))
    return torch.stack([torch.sigmoid(pair.informed(embedding, votes)) for embedding in seen]).mean(0)


def shown(network: FaceNet, images: Tensor) -> Tensor:
    """(faces, 111) scores by a network that knows the face alone, likewise."""
    return torch.stack(
        [torch.sigmoid(scores_of(network, some)[2]) for some in (images, images.flip(2))]
    ).mean(0)


def train(data: Path, work: Path, minutes: float, start: Path | None) -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    faces = read(data)
    rated = faces.rated(faces.train)
    print(
        f"{len(faces.train)} faces to learn from, {len(rated)} of them rated; {len(faces.development)} to choose by,"
        f" {len(faces.held_out)} rated and {len(faces.valid)} of FER+ valid to report on",
        flush=True,
    )
    images, targets = torch.from_numpy(faces.images), Targets(faces)
    every_epoch = np.concatenate([faces.train, rated])  # rated faces are shown twice
    pair, average = Pair(), Pair()
    if start:
        begin(pair.face, start, images[faces.train[:2048]].float())
    pair = pair.to(memory_format=torch.channels_last)
    pair.face.compile()  # a quarter less time a step
    average.load_state_dict(pair.state_dict())
    rate = RATE * (FURTHER if start else 1.0)
    matrices = [p for p in pair.parameters() if p.ndim > 1]
    others = [p for p in pair.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
        lr=rate,
        fused=True,
    )
    steps = len(every_epoch) // BATCH
    parts = {"pair": pair, "average": average, "optimizer": optimizer}
    clock = Clock(minutes * 60)
    checkpoint = work / "face.pt"
    epoch, times_named = _resume(checkpoint, parts, targets, clock)
    if start and not epoch:
        rows = torch.from_numpy(faces.train)
        targets.give(rows, shown(pair.face, images[rows]))
    while clock.part < 1:
        begun, total, taken = clock.spent, 0.0, 0
        if not start and times_named < len(NAMED_AT) and clock.part >= NAMED_AT[times_named]:
            rows = torch.from_numpy(faces.train)
            targets.give(rows, named(average, images[rows], targets.votes[rows]))
            times_named += 1
        shuffled = torch.from_numpy(rng.permutation(every_epoch))
        pair.train()
        for step in range(steps):
            if clock.part >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = rate * clock.rate
            some = shuffled[step * BATCH : (step + 1) * BATCH]
            loss = step_loss(pair, images[some].float(), targets, some, rng)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(pair.parameters(), 5.0)
            optimizer.step()
            clock.steps += 1
            follow(average, pair, clock.steps)
            total += loss.item()
            taken += 1
        stored = {name: part.state_dict() for name, part in parts.items()}
        stored |= {
            "epoch": epoch,
            "clock": clock.state(),
            "named": times_named,
            "names": targets.names.half(),
            "weight": targets.weight,
        }
        torch.save(stored, checkpoint)
        print(
            f"epoch {epoch}: loss {total / max(taken, 1):.3f}, {clock.spent - begun:.0f} s,"
            f" development: {agreement(average.face, faces)}",
            flush=True,
        )
        epoch += 1


def agreement(network: FaceNet, faces: Faces) -> str:
    """How the network does on the development faces, in a line."""
    rows = faces.development
    _, _, names = scores_of(network, torch.from_numpy(faces.images[rows]))
    said = torch.sigmoid(names).numpy()
    found = [
        f"{part} r {mean_correlation(said[:, columns], faces.ratings[rows][:, columns]):.3f}"
        for part, columns in PARTS.items()
    ]
    rows = faces.voted_development
    _, votes, _ = scores_of(network, torch.from_numpy(faces.images[rows]))
    majority = faces.votes[rows, :CLASSES].argmax(1)
    accuracy = float((votes[:, :CLASSES].argmax(1).numpy() == majority).mean())
    return f"votes {accuracy:.3f}, {', '.join(found)}"


def mean_correlation(
    said: NDArray[np.float32], truth: NDArray[np.float32], prevalence: float = 0.02
) -> float:
    """Mean over the names that at least this share of the faces show at all."""
    shown = (truth > 0).mean(0) >= prevalence
    return float(np.mean([np.corrcoef(said[:, j], truth[:, j])[0, 1] for j in np.flatnonzero(shown)]))


def _resume(checkpoint: Path, parts: dict[str, Any], targets: Targets, clock: Clock) -> tuple[int, int]:
    """The epoch to go on with, and how often unrated faces have been named."""
    if not checkpoint.exists():
        return 0, 0
    stored = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(stored[name])
    targets.names, targets.weight = stored["names"].float(), stored["weight"]
    clock.go_on(stored["clock"])
    print(f"going on after epoch {stored['epoch']}")
    return int(stored["epoch"]) + 1, int(stored["named"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--start", type=Path, help="a shipped network, to train it further")
    parser.add_argument("--threads", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    wanted.work.mkdir(parents=True, exist_ok=True)
    train(wanted.data, wanted.work, wanted.minutes, wanted.start)


if __name__ == "__main__":
    main()
