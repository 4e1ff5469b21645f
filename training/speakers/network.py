"""The speaker network: samples in, log-mel bands, a small convolutional network, windows pooled.

Frames are looked at once and pooled into windows that overlap, so that a window every quarter second costs
little more than one every second. Everything from the samples on is part of the exported graph.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.voice.network import LogMel

RATE, FFT, WINDOW, HOP, BANDS = 16_000, 512, 400, 160, 64

THINNED = 3
"""Bands of so many frames become one frame of the network, which are 30 ms apart."""

STEP = THINNED * HOP
"""Samples between frames of the network."""

SILENT = 1e-5
"""Power that is added to every band, so that its logarithm stays finite."""

LEVEL = 0.05
"""Root mean square that every stretch is brought to before anything else."""


class Bands(LogMel):
    """(batch, samples) → (batch, 64, frames of 10 ms): log-mel bands of a stretch at an equal level.

    Other than what the voice network hears, the mean over time is kept: it is much of what a voice is.
    """

    def forward(self, sound: Tensor) -> Tensor:  # type: ignore[override]
        level = sound.square().mean(1, keepdim=True).sqrt()
        sound = sound * (LEVEL / (level + 1e-5))
        waves = functional.conv1d(sound[:, None], cast("Tensor", self.waves), stride=HOP, padding=WINDOW // 2)
        real, imaginary = waves.split(FFT // 2 + 1, dim=1)
        return torch.log(cast("Tensor", self.mel) @ (real**2 + imaginary**2) + SILENT)


class Line(nn.Module):
    """Two convolutions over time beside a shortcut: one that sees `dilation` frames away, one that mixes."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.first_norm = nn.BatchNorm1d(channels)
        self.second = nn.Conv1d(channels, channels, 1, bias=False)
        self.second_norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(self.second_norm(self.second(y)) + x)


class Speaker(nn.Module):
    """(batch, 64 bands, frames of 10 ms) → (batch, 256, windows), each of unit length.

    A window is the mean and spread of what is seen within it, weighted by attention.
    """

    SIZE = 256

    def __init__(self, width: int = 256, pooled: int = 256) -> None:
        super().__init__()
        self.entry = nn.Conv1d(BANDS, width, 2 * THINNED - 1, THINNED, THINNED - 1, bias=False)
        self.entry_norm = nn.BatchNorm1d(width)
        self.lines = nn.ModuleList([Line(width, dilation) for dilation in (1, 1, 2, 3)])
        self.gathered = nn.Conv1d(4 * width, pooled, 1)
        self.attention = nn.Sequential(nn.Conv1d(pooled, 64, 1), nn.Tanh(), nn.Conv1d(64, pooled, 1))
        self.pooled_norm = nn.BatchNorm1d(2 * pooled)
        self.last = nn.Conv1d(2 * pooled, self.SIZE, 1)

    def forward(self, bands: Tensor, window: int, every: int, around: bool = False) -> Tensor:
        """`window` and `every` count frames of 30 ms. Windows lie within the sound; or, `around` the middle of
        each `every` frames, as far as there is sound."""
        x = functional.relu(self.entry_norm(self.entry((bands + 4.0) / 4.0)))
        seen = []
        for line in self.lines:
            x = line(x)
            seen.append(x)
        x = functional.relu(self.gathered(torch.cat(seen, 1)))
        weight = torch.exp(self.attention(x).float().clamp(-8, 8))
        x = x.float()
        stacked = torch.cat([weight, weight * x, weight * x * x], 1)
        if around:
            before = (window - every) // 2
            stacked = functional.pad(stacked, (before, window - before - 1))
        total, first, second = functional.avg_pool1d(stacked, window, every).chunk(3, 1)
        mean = first / total
        spread = (second / total - mean * mean).clamp_min(1e-5).sqrt()
        return functional.normalize(self.last(self.pooled_norm(torch.cat([mean, spread], 1))).float(), dim=1)
