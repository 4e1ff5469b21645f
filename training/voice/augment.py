"""What can happen to a recording without changing what it expresses."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.voice.network import BANDS, SILENT, normalised

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


def bands_changed(bands: Tensor, lengths: Tensor, length: int, rng: np.random.Generator) -> Tensor:
    """(batch, frames, 64) logarithms of power, of which `lengths` (batch,) count → (batch, 64, length),
    normalised: a part of each, faster or slower, higher or lower, in noise and rooms, through other
    microphones, with parts blanked out.

    All this happens to the bands, whose sounds need not be analysed again for it.
    """
    bands = torch.bmm(_taken(bands, lengths, length), _WARPS[torch.randint(len(_WARPS), (len(bands),))])
    power = torch.exp(bands.transpose(1, 2))
    power = power + _noise(power)
    if rng.random() < 0.35:
        power = power + _echoes(power, rng)
    bands = torch.log(power + SILENT)
    bands = bands + functional.interpolate(
        torch.randn(len(bands), 1, 5) * 0.7, BANDS, mode="linear", align_corners=True
    ).transpose(1, 2)
    line = torch.where(torch.rand(len(bands), 1) < 0.12, torch.randint(40, 60, (len(bands), 1)), BANDS)
    beyond = torch.arange(BANDS)[None] >= line
    bands = torch.where(beyond[:, :, None], bands.amin((1, 2), keepdim=True), bands)
    bands = normalised(bands)
    for _ in range(2):
        bands = bands * _blank(len(bands), BANDS, 10)[:, :, None] * _blank(len(bands), length, 20)[:, None]
    return bands


def _taken(bands: Tensor, lengths: Tensor, length: int) -> Tensor:
    """(batch, length, 64): a part of each, at another speed; a short one is repeated."""
    speed = torch.exp((torch.rand(len(bands), 1) * 2 - 1) * 0.18)
    begin = torch.rand(len(bands), 1) * (lengths[:, None] - length * speed).clamp_min(0)
    places = (begin + torch.arange(length)[None] * speed) % (lengths[:, None] - 1)
    first = places.long()
    rows = torch.arange(len(bands))[:, None]
    return torch.lerp(bands[rows, first], bands[rows, first + 1], (places - first)[:, :, None])


def _warps() -> Tensor:
    """(21, 64, 64): bands of voices whose every frequency is 0.85 to 1.18 times as high."""
    mel = np.linspace(*(2595 * np.log10(1 + np.array([50.0, 7800.0]) / 700)), BANDS + 2)[1:-1]
    found = []
    for factor in np.exp(np.linspace(-0.165, 0.165, 21)):
        source = 2595 * np.log10(1 + 700 * (10 ** (mel / 2595) - 1) / factor / 700)
        place = np.clip((source - mel[0]) / (mel[1] - mel[0]), 0, BANDS - 1.001)
        low = place.astype(int)
        warp = np.zeros((BANDS, BANDS), np.float32)
        warp[low, np.arange(BANDS)] = 1 - (place - low)
        warp[low + 1, np.arange(BANDS)] += place - low
        found.append(warp)
    return torch.from_numpy(np.array(found))


_WARPS = _warps()


def _noise(power: Tensor) -> Tensor:
    """Steady noise of any colour, 3 to 45 dB below the mean of the sound; in two of five, none."""
    count = len(power)
    colour = torch.exp(
        functional.interpolate(torch.randn(count, 1, 5) * 1.5, BANDS, mode="linear", align_corners=True)
    ).transpose(1, 2)
    level = 10 ** -(torch.rand(count, 1, 1) * 4.2 + 0.3) * power.mean((1, 2), keepdim=True)
    some = torch.rand(count, 1, 1) < 0.6
    return torch.exp(torch.randn_like(power) * 0.5) * colour / colour.mean(1, keepdim=True) * level * some


def _echoes(power: Tensor, rng: np.random.Generator) -> Tensor:
    """What a room that takes 0.1 to 0.8 s to fall silent gives back."""
    frames = torch.arange(power.shape[2])
    late = (frames[None] - frames[:, None]).float()  # from a frame to a later one
    decay = torch.where(late > 0, torch.exp(-13.8 * 0.01 * late / rng.uniform(0.1, 0.8)), 0.0)
    wet = torch.rand(len(power), 1, 1) * 1.2
    return wet * (power @ (decay / decay.sum(1).max()))


def _blank(count: int, size: int, widest: int) -> Tensor:
    """(count, size) of ones, with up to `widest` zeros in a row."""
    width = torch.randint(widest + 1, (count, 1))
    begin = (torch.rand(count, 1) * (size - width)).long()
    at = torch.arange(size)[None]
    return 1 - ((at >= begin) & (at < begin + width)).float()


def _in_a_room(sound: Tensor, rng: np.random.Generator) -> Tensor:
    """Noise that dies away within 0.1 to 0.5 s stands for the echoes of a room."""
    length = int(rng.uniform(0.1, 0.5) * 16_000)
    echo = torch.randn(length) * torch.exp(-6.9 * torch.arange(length) / length)
    echo[0] = rng.uniform(4, 20)
    size = 1 << (sound.shape[1] + length).bit_length()
    spectrum = torch.fft.rfft(sound, size) * torch.fft.rfft(echo / echo.norm(), size)
    return torch.fft.irfft(spectrum, size)[:, : sound.shape[1]]
