"""The voice network: samples in, log-mel bands, a small residual network, attention over time.

Everything from the samples on is part of the exported graph, so that training and serving cannot
drift apart. What lies beyond the length of a piece is masked after every layer: a piece scores the
same alone and in a batch with longer ones.
"""

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

RATE, WINDOW, HOP, FFT, BANDS = 16_000, 400, 160, 512, 64


class LogMel(nn.Module):
    """(batch, samples), (batch,) lengths → (batch, 64 bands, frames), (batch,) frames.

    25 ms windows every 10 ms. Each piece is scaled to the same peak before and to zero mean and
    about unit variance after the logarithm, so that the level of a recording does not matter.
    """

    def __init__(self) -> None:
        super().__init__()
        time = np.arange(WINDOW) + (FFT - WINDOW) // 2  # the window sits in the middle of the transform
        angles = 2 * np.pi * np.arange(FFT // 2 + 1)[:, None] * time / FFT
        window = torch.hann_window(WINDOW).numpy()
        waves = np.concatenate([np.cos(angles), -np.sin(angles)]) * window
        self.register_buffer("waves", torch.tensor(waves[:, None], dtype=torch.float32))
        self.register_buffer("mel", torch.tensor(mel_bands(), dtype=torch.float32))

    def forward(self, sound: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        inside = (torch.arange(sound.shape[1])[None] < lengths[:, None]).to(sound.dtype)
        sound = sound * inside
        sound = sound / (sound.abs().amax(1, keepdim=True) + 1e-4) * 0.5
        waves = functional.conv1d(sound[:, None], cast("Tensor", self.waves), stride=HOP, padding=WINDOW // 2)
        real, imaginary = waves.split(FFT // 2 + 1, dim=1)
        bands = torch.log(cast("Tensor", self.mel) @ (real**2 + imaginary**2) + 1e-7)
        frames = lengths // HOP + 1
        mask = (torch.arange(bands.shape[2])[None] < frames[:, None]).to(bands.dtype)[:, None]
        count = mask.sum((1, 2), keepdim=True) * BANDS
        mean = (bands * mask).sum((1, 2), keepdim=True) / count
        spread = (((bands - mean) * mask) ** 2).sum((1, 2), keepdim=True).div(count).sqrt()
        return (bands - mean) / (spread + 0.3) * mask, frames


def mel_bands() -> np.ndarray:
    """(64, 257): triangles equally spaced in mel from 50 to 7,800 Hz."""
    mel = np.linspace(*(2595 * np.log10(1 + np.array([50.0, 7800.0]) / 700)), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.linspace(0, RATE / 2, FFT // 2 + 1)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    return np.maximum(0, np.minimum(rising, falling))


class Block(nn.Module):
    """Two convolutions beside a shortcut, with channel attention."""

    def __init__(self, channels_in: int, channels: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.halves_time = stride[1] == 2
        self.first = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)
        self.squeeze = nn.Linear(channels, channels // 8)
        self.excite = nn.Linear(channels // 8, channels)
        self.shortcut: nn.Module = nn.Identity()
        if channels_in != channels or stride != (1, 1):
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        if self.halves_time:
            frames = (frames + 1) // 2
        y = self.first(x)
        mask = _mask(y, frames)
        y = functional.relu(self.first_norm(y)) * mask
        y = self.second_norm(self.second(y)) * mask
        mean = y.sum((2, 3)) / (frames * y.shape[2])[:, None].to(y.dtype)
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(mean))))[:, :, None, None]
        return functional.relu(y * gate + self.shortcut(x)) * mask, frames


class Encoder(nn.Module):
    """(batch, 64 bands, frames) → (batch, 768): mean and spread over time, weighted by attention."""

    SIZE = 768

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 24, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(24)
        self.blocks = nn.ModuleList(
            [
                Block(24, 48, (2, 2)),
                Block(48, 48, (1, 1)),
                Block(48, 96, (2, 2)),
                Block(96, 96, (1, 1)),
                Block(96, 160, (2, 1)),
                Block(160, 160, (1, 1)),
                Block(160, 256, (1, 2)),
                Block(256, 256, (1, 1)),
            ]
        )
        self.projection = nn.Conv1d(256 * 4, 384, 1)
        self.attention = nn.Sequential(nn.Conv1d(384, 96, 1), nn.Tanh(), nn.Conv1d(96, 384, 1))
        self.norm = nn.BatchNorm1d(self.SIZE)

    def forward(self, bands: Tensor, frames: Tensor) -> Tensor:
        x = self.stem(bands[:, None].contiguous(memory_format=torch.channels_last))
        frames = (frames + 1) // 2
        x = functional.relu(self.stem_norm(x)) * _mask(x, frames)
        for block in self.blocks:
            x, frames = block(x, frames)
        x = functional.relu(self.projection(x.flatten(1, 2)))
        inside = (torch.arange(x.shape[2])[None] < frames[:, None])[:, None]
        weights = torch.softmax(self.attention(x).float().masked_fill(~inside, -1e4), 2)
        x = x.float()
        mean = (weights * x).sum(2)
        spread = ((weights * x * x).sum(2) - mean * mean).clamp_min(1e-5).sqrt()
        return cast("Tensor", self.norm(torch.cat([mean, spread], 1)))


class Classifier(nn.Module):
    """The encoder with a head over intended expressions, as it is trained."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(Encoder.SIZE, classes)

    def forward(self, bands: Tensor, frames: Tensor) -> Tensor:
        """(batch, classes) logits"""
        return cast("Tensor", self.head(self.dropout(self.encoder(bands, frames))))


def _mask(x: Tensor, frames: Tensor) -> Tensor:
    return (torch.arange(x.shape[3])[None] < frames[:, None]).to(x.dtype)[:, None, None]
