"""Train the speaker network to hear in a noisy second what the teacher hears in a whole clean voice.

    python -m training.speakers.train --work WORK [--steps 1400] [--threads 1]

WORK is the folder that `training.speakers.data` filled. Two losses: the cosine to the teacher's mean
embedding of the voice (without what all voices share), and telling the voice from all others. A checkpoint is
written now and then, and training goes on from it when it is started again.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.precision import halved
from training.speakers.network import RATE, SILENT, STEP, THINNED, Speaker

BATCH = 96
SECONDS = (0.96, 1.44, 1.8, 2.25)
"""Of the crops of one batch. Turns are short, and so are windows."""

SHARES = {"read": 0.35, "made": 0.4, "acted": 0.07, "bursts": 0.18}
"""Of a batch, by the first word of a voice's name."""

MARGIN, SCALE, BY_VOICE = 0.15, 24.0, 0.15
"""Of the softmax over voices, and its weight beside the cosine."""


class Voices:
    """Crops of voices at random."""

    def __init__(self, work: Path, rng: np.random.Generator) -> None:
        told = np.load(work / "voices.npz")
        self._bands = np.load(work / "voices.npy", mmap_mode="r")
        self._offsets = told["offsets"]
        self._rng = rng
        kinds = np.array([name.split()[0] for name in told["names"]])
        mean = told["targets"][kinds == "read"].mean(0)
        targets = told["targets"] - mean
        self.targets = torch.tensor(targets / np.linalg.norm(targets, axis=1, keepdims=True))
        self._of = [np.flatnonzero(told["owners"] == k) for k in range(len(kinds))]
        share = sum((kinds == kind) / (kinds == kind).sum() * part for kind, part in SHARES.items())
        self._share = share / share.sum()

    def batch(self, frames: int) -> tuple[Tensor, Tensor]:
        """(BATCH, 64, frames) logarithms of power, and whose they are."""
        owners = self._rng.choice(len(self._share), BATCH, p=self._share)
        crops = torch.from_numpy(np.stack([self._crop(k, frames) for k in owners]))
        return crops.float().transpose(1, 2), torch.from_numpy(owners)

    def _crop(self, owner: int, frames: int) -> NDArray[np.float16]:
        """(frames, 64) of one of its recordings; where that is short, of several in a row."""
        parts: list[NDArray[np.float16]] = []
        missing = frames
        while missing > 0:
            piece = self._rng.choice(self._of[owner])
            low, high = self._offsets[piece : piece + 2]
            begin = self._rng.integers(low, max(low + 1, high - missing + 1))
            parts.append(self._bands[begin : min(high, begin + missing)])
            missing -= len(parts[-1])
        return np.concatenate(parts)


def changed(bands: Tensor, rng: np.random.Generator) -> Tensor:
    """(batch, 64, frames) in noise, among others, in rooms, at another level, through another microphone,
    over a narrow line, with parts blanked out. All this happens to the bands: it is cheap there."""
    count, height, width = bands.shape
    power = torch.exp(bands)
    mean = power.mean((1, 2), keepdim=True)
    murmur = sum(power.roll(int(k), 0) for k in rng.integers(1, count, 3)) / 3
    power = power + murmur * _sometimes(count, 0.25) * 10 ** -(torch.rand(count, 1, 1) * 1.7 + 0.8)
    colour = torch.exp(_curve(count, height, 1.5))
    noise = torch.empty_like(power).exponential_() * colour / colour.mean(1, keepdim=True) * mean
    power = power + noise * _sometimes(count, 0.6) * 10 ** -(torch.rand(count, 1, 1) * 3.5 + 0.6)
    if rng.random() < 0.35:
        power = power + torch.rand(count, 1, 1) * 0.8 * _echoes(power, rng)
    bands = torch.log(power + SILENT) + _curve(count, height, 0.7) + torch.randn(count, 1, 1)
    line = torch.where(torch.rand(count, 1) < 0.12, torch.randint(44, 62, (count, 1)), height)
    bands = bands.masked_fill((torch.arange(height)[None] >= line)[:, :, None], math.log(SILENT))
    blank = _blank(count, height, 8)[:, :, None] | _blank(count, width, width // 6)[:, None]
    return bands.masked_fill(blank, -4.0)


def _sometimes(count: int, share: float) -> Tensor:
    return (torch.rand(count, 1, 1) < share).float()


def _curve(count: int, height: int, size: float) -> Tensor:
    """(count, height, 1): smooth and random."""
    knots = torch.randn(count, 1, 6) * size
    return functional.interpolate(knots, height, mode="linear", align_corners=True).transpose(1, 2)


def _echoes(power: Tensor, rng: np.random.Generator) -> Tensor:
    """What a room that takes 0.1 to 0.6 s to fall silent gives back."""
    frames = torch.arange(power.shape[2])
    late = (frames[None] - frames[:, None]).float()  # from a frame to a later one
    decay = torch.where(late > 0, torch.exp(-13.8 * 0.01 * late / rng.uniform(0.1, 0.6)), 0.0)
    return power @ (decay / decay.sum(1).max())


def _blank(count: int, size: int, widest: int) -> Tensor:
    """(count, size): up to `widest` in a row."""
    width = torch.randint(widest + 1, (count, 1))
    begin = (torch.rand(count, 1) * (size - width)).long()
    at = torch.arange(size)[None]
    return (at >= begin) & (at < begin + width)


class ByVoice(nn.Module):
    """Softmax over voices with a margin; each starts where the teacher puts it."""

    def __init__(self, targets: Tensor) -> None:
        super().__init__()
        self.places = nn.Parameter(targets.clone())

    def forward(self, embeddings: Tensor, owners: Tensor) -> Tensor:
        alike = embeddings @ functional.normalize(self.places, dim=1).T
        return functional.cross_entropy(
            SCALE * (alike - MARGIN * functional.one_hot(owners, len(self.places))), owners
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    voices = Voices(wanted.work, rng)
    network, by_voice = Speaker(), ByVoice(voices.targets)
    parameters = [*network.parameters(), *by_voice.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=wanted.rate, weight_decay=0.02)
    done, path = 0, wanted.work / "speakers.pt"
    if path.exists():
        saved = torch.load(path, weights_only=True)
        done = saved["steps"]
        network.load_state_dict(saved["network"])
        by_voice.load_state_dict(saved["by_voice"])
        optimiser.load_state_dict(saved["optimiser"])
    print(
        f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters, {len(voices.targets)} voices"
    )
    begin, alike, guessed = time.time(), [], []
    for step in range(done, wanted.steps):
        for group in optimiser.param_groups:
            group["lr"] = wanted.rate * rate_at(step / wanted.steps)
        frames = round(rng.choice(SECONDS) * RATE / STEP)
        bands, owners = voices.batch(frames * THINNED)
        bands = changed(bands, rng)
        with halved():
            embeddings = network(bands, frames, 1)[:, :, 0]
        cosine = (embeddings * voices.targets[owners]).sum(1).mean()
        loss = 1 - cosine + BY_VOICE * by_voice(embeddings, owners)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 2.0)
        optimiser.step()
        alike.append(cosine.item())
        guessed.append(loss.item() - 1 + cosine.item())
        if step % 20 == 19 or step + 1 == wanted.steps:
            print(
                f"step {step + 1}: cosine {np.mean(alike[-50:]):.3f}, voices {np.mean(guessed[-50:]) / BY_VOICE:.2f}, "
                f"{(time.time() - begin) / (step + 1 - done):.3f} s a step",
                flush=True,
            )
        if step % 250 == 249 or step + 1 == wanted.steps:
            torch.save(
                {
                    "steps": step + 1,
                    "network": network.state_dict(),
                    "by_voice": by_voice.state_dict(),
                    "optimiser": optimiser.state_dict(),
                },
                path,
            )


def rate_at(part: float) -> float:
    """Of the learning rate: up within a twentieth, then down as a cosine."""
    return min(1.0, part / 0.05) * 0.5 * (1 + math.cos(math.pi * part))


if __name__ == "__main__":
    main()
