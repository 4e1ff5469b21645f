"""The teacher: Resemblyzer's voice encoder (Apache-2.0), whose weights lie in its wheel.

    pip download --no-deps resemblyzer && unzip -j Resemblyzer-*.whl resemblyzer/pretrained.pt

Only the file of weights is needed; the package itself wants webrtcvad and librosa.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

RATE, WINDOW, HOP, BANDS = 16_000, 400, 160, 40
FRAMES = 160
"""Frames that it hears at once: it was trained on no other number."""

CALL = 256
"""Parts in one call."""

LOUDNESS = 10 ** (-30 / 20)
"""Root mean square that a softer recording is raised to, as in its own preparation."""


class Teacher(nn.Module):
    """(batch, frames, 40 bands) → (batch, 256), of unit length and nowhere negative."""

    SIZE = 256

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.lstm = nn.LSTM(BANDS, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, self.SIZE)
        told = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
        self.load_state_dict({name: value for name, value in told.items() if "similarity" not in name})
        self.register_buffer("mel", torch.tensor(mel_bands(), dtype=torch.float32))
        self.eval()

    def forward(self, bands: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(bands)
        return nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)

    @torch.no_grad()
    def heard(self, sounds: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """What it makes of each recording, in parts of 1.6 s: (parts, 256). Many at once are far faster than one."""
        parts = [self._parts(sound) for sound in sounds]
        found = [self(call) for call in torch.cat(parts).split(CALL)]
        return [one.numpy() for one in torch.cat(found).split([len(part) for part in parts])]

    def _parts(self, sound: NDArray[np.float32]) -> Tensor:
        """(parts, frames, bands) of a recording; a short one is filled up with silence."""
        level = float(np.sqrt(np.mean(np.square(sound)))) + 1e-6
        given = torch.from_numpy(sound * max(1.0, LOUDNESS / level))
        given = nn.functional.pad(given, (0, max(0, FRAMES * HOP - len(given))))
        window = torch.hann_window(WINDOW)
        waves = torch.stft(given, WINDOW, HOP, window=window, return_complex=True, pad_mode="constant")
        bands = (cast("Tensor", self.mel) @ waves.abs().square()).T
        return bands.unfold(0, FRAMES, FRAMES).transpose(1, 2)


def mel_bands() -> NDArray[np.float64]:
    """(40, 201): triangles of equal area, equally spaced up to 1 kHz and logarithmically above, up to 8 kHz."""
    step, knee, growth = 200 / 3, 1000.0, np.log(6.4) / 27
    top = knee / step + np.log(RATE / 2 / knee) / growth
    places = np.linspace(0, top, BANDS + 2)
    edges = np.where(places < knee / step, places * step, knee * np.exp(growth * (places - knee / step)))
    hertz = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (right - left)
