"""The face network: a grey crop of 48 × 48 pixels in, shares of raters out.

Everything from the pixels on is part of the exported graph, so that training and serving cannot
drift apart: each crop is brought to zero mean and unit variance first, so that the light of a
picture does not matter.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.face.data import NAMES, VOTES

SIDE = 48


class Block(nn.Module):
    """Two convolutions beside a shortcut, with channel attention."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)
        self.squeeze = nn.Linear(channels, channels // 8)
        self.excite = nn.Linear(channels // 8, channels)
        self.shortcut: nn.Module = nn.Identity()
        if channels_in != channels or stride != 1:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride),
                nn.Conv2d(channels_in, channels, 1, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(y.mean((2, 3))))))
        return functional.relu(y * gate[:, :, None, None] + self.shortcut(x))


class FaceNet(nn.Module):
    """(batch, 48, 48) grey, 0 to 255 → embedding, votes and names as logits."""

    SIZE = 256

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 32, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(32)
        self.blocks = nn.Sequential(
            Block(32, 64, 1),
            Block(64, 128, 2),
            Block(128, self.SIZE, 2),
            Block(self.SIZE, self.SIZE, 1),
        )
        self.dropout = nn.Dropout(0.2)
        self.votes = nn.Linear(self.SIZE, len(VOTES))
        self.names = nn.Linear(self.SIZE, len(NAMES))
        # what goes together: by itself .695 to .708 on the development faces' expressions
        self.together = nn.Sequential(
            nn.Linear(self.SIZE, self.SIZE), nn.ReLU(), nn.Dropout(0.3), nn.Linear(self.SIZE, len(NAMES))
        )
        nn.init.zeros_(self.together[3].weight)
        nn.init.zeros_(self.together[3].bias)

    def embed(self, faces: Tensor) -> Tensor:
        """(batch, 256)"""
        mean = faces.mean((1, 2), keepdim=True)
        spread = faces.var((1, 2), keepdim=True, unbiased=False).add(1.0).sqrt()
        x = ((faces - mean) / spread)[:, None].contiguous(memory_format=torch.channels_last)
        x = functional.relu(self.stem_norm(self.stem(x)))
        return cast("Tensor", self.blocks(x).mean((2, 3)))

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embedding (batch, 256), logits of votes (batch, 9) and of names (batch, 111)."""
        embedding = self.embed(faces)
        seen = self.dropout(embedding)
        return embedding, self.votes(seen), self.names(seen) + self.together(seen)


class Informed(nn.Module):
    """Names from a face and what FER+'s ten people called it.

    Only to name training faces that were not rated: it knows more than a face shows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(FaceNet.SIZE + len(VOTES), 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, len(NAMES))
        )

    def forward(self, embedding: Tensor, votes: Tensor) -> Tensor:
        """(batch, 111) logits"""
        return cast("Tensor", self.layers(torch.cat([embedding, votes], 1)))
