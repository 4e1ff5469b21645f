"""The voice network: samples in, log-mel bands, a small residual network, attention over time.

It hears a sound once, as a row of numbers every 0.16 s (`Encoder`); what is said of a piece rests on the
rows that lie in it (`Pool`), so that pieces may overlap, and be as many as one likes, at little cost.
Everything from the samples on is part of the exported graphs, so that training and serving cannot
drift apart. What lies beyond the length of a sound is masked after every layer: it is heard the same
alone and in a batch with longer ones. In training, where all are of one length, there is no mask.
"""

from itertools import pairwise
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

RATE, WINDOW, HOP, FFT, BANDS = 16_000, 400, 160, 512, 64

SILENT = 1e-7
"""Power that is added to every band, so that its logarithm stays finite."""

STRIDE = 16
"""Frames to one row of what is heard: rows are 0.16 s apart."""


class LogMel(nn.Module):
    """Sounds to logarithms of power in 64 bands: 25 ms windows every 10 ms.

    Each sound is scaled to the same peak before, and by `normalised` after the logarithm, so that the
    level of a recording does not matter.
    """

    def __init__(self) -> None:
        super().__init__()
        time = np.arange(WINDOW) + (FFT - WINDOW) // 2  # the window sits in the middle of the transform
        angles = 2 * np.pi * np.arange(FFT // 2 + 1)[:, None] * time / FFT
        window = torch.hann_window(WINDOW).numpy()
        waves = np.concatenate([np.cos(angles), -np.sin(angles)]) * window
        self.register_buffer("waves", torch.tensor(waves[:, None], dtype=torch.float32))
        self.register_buffer("mel", torch.tensor(mel_bands(), dtype=torch.float32))

    def bands(self, sound: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, samples), (batch,) lengths → (batch, 64 bands, frames), (batch,) frames"""
        power, frames = self.power(sound, lengths)
        return self.logarithms(power), frames

    def power(self, sound: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, 257, frames): the power of each frequency; and how many frames count."""
        inside = (torch.arange(sound.shape[1])[None] < lengths[:, None]).to(sound.dtype)
        sound = sound * inside
        sound = sound / (sound.abs().amax(1, keepdim=True) + 1e-4) * 0.5
        waves = functional.conv1d(sound[:, None], cast("Tensor", self.waves), stride=HOP, padding=WINDOW // 2)
        real, imaginary = waves.split(FFT // 2 + 1, dim=1)
        return real**2 + imaginary**2, lengths // HOP + 1

    def logarithms(self, power: Tensor) -> Tensor:
        """(batch, 64 bands, frames)"""
        return torch.log(cast("Tensor", self.mel) @ power + SILENT)


def normalised(bands: Tensor, inside: Tensor | None = None) -> Tensor:
    """Logarithms of power (batch, bands, frames) at zero mean and about unit variance over what is
    `inside` (batch, frames)."""
    if inside is None:
        mean = bands.mean((1, 2), keepdim=True)
        spread = (bands - mean).pow(2).mean((1, 2), keepdim=True).sqrt()
        return (bands - mean) / (spread + 0.3)
    mask = inside.to(bands.dtype)[:, None]
    count = mask.sum((1, 2), keepdim=True) * BANDS
    mean = (bands * mask).sum((1, 2), keepdim=True) / count
    spread = (((bands - mean) * mask) ** 2).sum((1, 2), keepdim=True).div(count).sqrt()
    return (bands - mean) / (spread + 0.3) * mask


def _inside(length: int, counts: Tensor) -> Tensor:
    """(batch, length): which of so many places count."""
    return torch.arange(length)[None] < counts[:, None]


def mel_bands() -> np.ndarray:
    """(64, 257): triangles equally spaced in mel from 50 to 7,800 Hz."""
    mel = np.linspace(*(2595 * np.log10(1 + np.array([50.0, 7800.0]) / 700)), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.linspace(0, RATE / 2, FFT // 2 + 1)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    return np.maximum(0, np.minimum(rising, falling))


class Contours(nn.Module):
    """Power (batch, 257, frames), its bands (batch, 64, frames) → (batch, 75, rows): how the pitch and the level
    of a voice go, as sums from which `summary` tells means and spreads of any piece.

    Pitch is where the autocorrelation is highest, told from the spectrum (Wiener and Khinchin) and
    corrected for the window, as Boersma (1993) does; not one lag is picked but the mean of the likely ones.
    """

    LAGS, GROUPS = 48, 16
    SIZE = 11 + 4 * GROUPS
    SUMMARY = 14 + 3 * GROUPS

    def __init__(self) -> None:
        super().__init__()
        hertz = np.geomspace(60.0, 500.0, self.LAGS)
        lags, waves = RATE / hertz, np.arange(FFT // 2 + 1)
        twice = np.where((waves == 0) | (waves == FFT // 2), 1.0, 2.0)
        window = np.hanning(WINDOW + 1)[:-1]
        alike = np.correlate(window, window, "full")[WINDOW - 1 :]
        faded = np.interp(lags, np.arange(WINDOW), alike / alike[0])
        turned = np.cos(2 * np.pi * waves * lags[:, None] / FFT) * twice / np.maximum(faded, 0.1)[:, None]
        self.register_buffer("turned", torch.tensor(turned, dtype=torch.float32))
        self.register_buffer("octaves", torch.tensor(np.log2(hertz / 150)[:, None], dtype=torch.float32))

    def forward(self, power: Tensor, bands: Tensor, frames: Tensor) -> Tensor:
        inside = _inside(power.shape[2], frames).to(power.dtype)
        octaves = cast("Tensor", self.octaves)
        total = 2 * power.sum(1) - power[:, 0] - power[:, -1]
        alike = (cast("Tensor", self.turned) @ power) / (total[:, None] + 1e-6)
        strength = alike.amax(1)
        pitch = (torch.softmax(30 * alike + octaves, 1) * octaves).sum(1)  # of two octaves rather the higher
        level = torch.log10(total + 1e-6)
        level = level - (level * inside + 9 * (inside - 1)).amax(1, keepdim=True)
        active = torch.sigmoid(4 * (level + 4)) * inside
        voiced = torch.sigmoid(15 * (strength - 0.5)) * torch.sigmoid(4 * (level + 3)) * inside
        going = voiced * functional.pad(voiced[:, :-1], (1, 0))
        groups = bands.unflatten(1, (self.GROUPS, -1)).mean(2) + 8  # about zero: squares fit half floats
        columns = [inside, voiced, voiced * pitch, voiced * pitch**2, voiced * strength, going]
        columns += [
            going * _change(pitch),
            active,
            active * level,
            active * level**2,
            active * _change(level),
        ]
        heard, spoken = active[:, None] * groups, voiced[:, None] * groups
        grouped = [spoken, heard, heard * groups, active[:, None] * _change(groups)]
        x = torch.cat([torch.stack(columns, 1), *grouped], 1)
        rows = (x.shape[2] + STRIDE - 1) // STRIDE
        return functional.avg_pool1d(functional.pad(x, (STRIDE // 2, STRIDE))[..., : rows * STRIDE], STRIDE)

    @classmethod
    def summary(cls, rows: Tensor, count: Tensor | None = None) -> Tensor:
        """(batch, 75, rows), of which so many count → (batch, 62): how a piece goes. Pitch in octaves above 150 Hz,
        level in tens of decibels below the loudest."""
        if count is not None:
            rows = rows * _inside(rows.shape[2], count).to(rows.dtype)[:, None]
        few = 1e-2
        inside, voiced, pitch, pitch2, strength, going, bend, active, level, level2, swell = rows.sum(2)[
            :, :11
        ].unbind(1)
        spoken, heard, heard2, moved = rows.sum(2)[:, 11:].unflatten(1, (4, cls.GROUPS)).unbind(1)
        mean_pitch, mean_level = pitch / (voiced + few), level / (active + few)
        by_row = [rows[:, 2] / (rows[:, 1] + few), rows[:, 8] / (rows[:, 7] + few)]
        spreads = [
            _root((rows[:, weight] * (one - mean[:, None]) ** 2).sum(1) / (whole + few))
            for one, weight, mean, whole in zip(
                by_row, (1, 7), (mean_pitch, mean_level), (voiced, active), strict=True
            )
        ]
        known = (rows[:, 1] > 0.2).to(rows.dtype)
        highest = (by_row[0] * known - 1.5 * (1 - known)).amax(1)
        lowest = (by_row[0] * known + 1.8 * (1 - known)).amin(1)
        told = [mean_pitch, _root(pitch2 / (voiced + few) - mean_pitch**2), bend / (going + few)]
        told += [strength / (voiced + few), voiced / (inside + few), voiced / (active + few)]
        told += [active / (inside + few), mean_level, _root(level2 / (active + few) - mean_level**2)]
        told += [swell / (active + few), *spreads, highest, lowest]
        voiced, active = voiced[:, None] + few, active[:, None] + few
        colour = spoken / voiced
        spread = _root(heard2 / active - (heard / active) ** 2)
        return torch.cat(
            [torch.stack(told, 1), colour - colour.mean(1, keepdim=True), spread, moved / active], 1
        )


def _change(x: Tensor) -> Tensor:
    """By how much the last dimension changes from frame to frame."""
    return functional.pad((x[..., 1:] - x[..., :-1]).abs(), (1, 0))


def _root(x: Tensor) -> Tensor:
    return x.clamp_min(1e-4).sqrt()


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

    def forward(self, x: Tensor, frames: Tensor | None) -> tuple[Tensor, Tensor | None]:
        if frames is not None and self.halves_time:
            frames = (frames + 1) // 2
        y = _masked(functional.relu(self.first_norm(self.first(x))), frames)
        y = _masked(self.second_norm(self.second(y)), frames)
        if frames is None:
            mean = y.mean((2, 3))
        else:
            mean = y.sum((2, 3)) / (frames * y.shape[2])[:, None].to(y.dtype)
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(mean))))[:, :, None, None]
        return _masked(functional.relu(y * gate + self.shortcut(x)), frames), frames


class Encoder(nn.Module):
    """(batch, 64 bands, frames) → (batch, 384, rows), a row every 0.16 s; and how many rows count."""

    SIZE = 384

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
        self.projection = nn.Conv1d(256 * 4, self.SIZE, 1)

    def forward(self, bands: Tensor, frames: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        x = self.stem(bands[:, None].contiguous(memory_format=torch.channels_last))
        if frames is not None:
            frames = (frames + 1) // 2
        x = _masked(functional.relu(self.stem_norm(x)), frames)
        for block in self.blocks:
            x, frames = block(x, frames)
        return functional.relu(self.projection(x.flatten(1, 2))), frames


def heard_of(
    front: LogMel, encoder: Encoder, contours: Contours, sound: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sounds (batch, samples) of some lengths → bands, what the encoder makes of them, contours, and how many
    frames count."""
    power, frames = front.power(sound, lengths)
    logarithms = front.logarithms(power)
    bands = normalised(logarithms, _inside(power.shape[2], frames))
    return bands, encoder(bands, frames)[0], contours(power, logarithms, frames), frames


class Pool(nn.Module):
    """(batch, 384, rows) → (batch, 768): mean and spread over time, weighted by attention."""

    SIZE = 2 * Encoder.SIZE

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.Conv1d(Encoder.SIZE, 96, 1), nn.Tanh(), nn.Conv1d(96, Encoder.SIZE, 1)
        )
        self.norm = nn.BatchNorm1d(self.SIZE)

    def forward(self, heard: Tensor, rows: Tensor | None = None) -> Tensor:
        attention = self.attention(heard).float()
        if rows is not None:
            inside = _inside(heard.shape[2], rows)[:, None]
            attention = attention.masked_fill(~inside, -1e4)
        weights, heard = torch.softmax(attention, 2), heard.float()
        mean = (weights * heard).sum(2)
        spread = ((weights * heard * heard).sum(2) - mean * mean).clamp_min(1e-5).sqrt()
        return cast("Tensor", self.norm(torch.cat([mean, spread], 1)))


class Classifier(nn.Module):
    """The encoder with the heads by which it is trained: intended expressions, and what the teacher hears."""

    def __init__(self, classes: int, taught: int) -> None:
        super().__init__()
        self.encoder, self.pool = Encoder(), Pool()
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(Pool.SIZE, classes)
        self.taught = nn.Linear(Pool.SIZE, taught)

    def forward(self, bands: Tensor, frames: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(batch, classes) logits, (batch, taught)"""
        embedding = self.dropout(self.pool(*self.encoder(bands, frames)))
        return self.head(embedding), self.taught(embedding)


class Kinds(nn.Module):
    """Bands (batch, 64, frames), what the encoder made of them (batch, 384, rows) and contours (batch, 75, rows) →
    (batch, 3, rows) logits of what is heard.

    The encoder has learned from bursts alone; this looks for itself, at little cost: over time, not over
    bands.
    """

    def __init__(self) -> None:
        super().__init__()
        sizes = [BANDS, 96, 128, 128, 128]  # each halves time, as the encoder does four times
        self.layers = nn.ModuleList([nn.Conv1d(a, b, 5, 2, 2, bias=False) for a, b in pairwise(sizes)])
        self.norms = nn.ModuleList([nn.BatchNorm1d(size) for size in sizes[1:]])
        self.dropout = nn.Dropout(0.2)
        self.contours_norm = nn.BatchNorm1d(Contours.SIZE)
        self.first = nn.Conv1d(Encoder.SIZE + sizes[-1] + Contours.SIZE, 96, 3, padding=1)
        self.second = nn.Conv1d(96, 3, 3, padding=1)

    def forward(self, bands: Tensor, heard: Tensor, contours: Tensor, frames: Tensor | None = None) -> Tensor:
        x = bands
        for layer, norm in zip(self.layers, self.norms, strict=True):
            frames = frames if frames is None else (frames + 1) // 2
            x = _masked(functional.relu(norm(layer(x))), frames)
        contours = self.contours_norm(contours)
        x = self.dropout(torch.cat([_masked(heard, frames), x, _masked(contours, frames)], 1))
        return cast("Tensor", self.second(_masked(functional.relu(self.first(x)), frames)))


def _masked(x: Tensor, frames: Tensor | None) -> Tensor:
    """Zero beyond the frames that count; time is the last dimension."""
    if frames is None:
        return x
    inside = _inside(x.shape[-1], frames).to(x.dtype)
    return x * (inside[:, None] if x.ndim == 3 else inside[:, None, None])
