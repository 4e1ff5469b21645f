"""What can happen to a recording without changing what it expresses."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

LONGEST = 48_000
"""Samples of a training clip: three seconds."""


def taken(sound: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A part of a recording, a little faster or slower."""
    speed = rng.uniform(0.88, 1.12)
    if abs(speed - 1) > 0.02:
        places = np.arange(0, len(sound) - 1, speed)
        sound = np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
    length = len(sound)
    if length > LONGEST:
        length = LONGEST
    elif rng.random() < 0.3:
        length = int(length * rng.uniform(0.75, 1))
    begin = rng.integers(0, len(sound) - length + 1)
    return sound[begin : begin + length]


def sound_changed(sound: Tensor, lengths: Tensor, rng: np.random.Generator) -> Tensor:
    """(batch, samples) with noise, white or dull, at 8 to 43 dB, and now and then a room."""
    count, samples = sound.shape
    sound = sound / (sound.abs().amax(1, keepdim=True) + 1e-4) * 0.5
    white = torch.randn(count, samples)
    dull = torch.cumsum(white, 1)
    dull = functional.avg_pool1d((dull - dull.mean(1, keepdim=True))[:, None], 9, 1, 4)[:, 0] * 2.5
    noise = torch.where(torch.rand(count, 1) < 0.5, white, dull)
    level = sound.pow(2).sum(1).div(lengths).sqrt()
    decibels = torch.rand(count) * 35 + 8
    sound = sound + noise * (level * 10 ** (-decibels / 20) * (torch.rand(count) < 0.5))[:, None]
    if rng.random() < 0.4:
        sound = _in_a_room(sound, rng)
    return sound * (torch.arange(samples)[None] < lengths[:, None])


def bands_changed(bands: Tensor, frames: Tensor, rng: np.random.Generator) -> Tensor:
    """(batch, bands, frames) as another microphone or line gives them, with parts blanked out."""
    count, height, width = bands.shape
    curve = torch.randn(count, 1, 5) * 0.25
    bands = bands + functional.interpolate(curve, height, mode="linear", align_corners=True)[:, 0, :, None]
    for one, length in zip(bands, frames.tolist(), strict=True):
        if rng.random() < 0.15:
            one[rng.integers(40, 60) :] = -2  # a narrow line
        for _ in range(2):
            size = rng.integers(0, 10)
            begin = rng.integers(0, height - size)
            one[begin : begin + size] = 0
        for _ in range(2):
            size = rng.integers(0, min(25, length // 4) + 1)
            begin = rng.integers(0, max(1, length - size))
            one[:, begin : begin + size] = 0
    return bands * (torch.arange(width)[None] < frames[:, None]).to(bands.dtype)[:, None]


def _in_a_room(sound: Tensor, rng: np.random.Generator) -> Tensor:
    """Noise that dies away within 0.1 to 0.5 s stands for the echoes of a room."""
    length = int(rng.uniform(0.1, 0.5) * 16_000)
    echo = torch.randn(length) * torch.exp(-6.9 * torch.arange(length) / length)
    echo[0] = rng.uniform(4, 20)
    size = 1 << (sound.shape[1] + length).bit_length()
    spectrum = torch.fft.rfft(sound, size) * torch.fft.rfft(echo / echo.norm(), size)
    return torch.fft.irfft(spectrum, size)[:, : sound.shape[1]]
