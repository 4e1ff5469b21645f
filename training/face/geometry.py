"""The facemesh network: 478 points of a face in, 48 shares of raters out, from geometry alone.

    python -m training.face.geometry --data DATA --work WORK --out facemesh.onnx

It learns from the meshes of `training.face.meshes`: from the ratings where there are any, and else from
what the face network said of the picture while it was trained. The graph takes `points` float32
(batch, 478, 3) in any unit and gives `expressions` float32 (batch, 48).
"""

import argparse
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.face.data import PARTS, read
from training.face.train import mean_correlation
from training.halves import halve

EYES, NOSE = ((33, 133), (362, 263)), 2
EPOCHS, BATCH, RATE = 40, 128, 2e-3
GIVEN_WEIGHT = 0.5
POINTS, HIDDEN = 478, 256


class MeshNet(nn.Module):
    """Points in a frame of the face's own, standardised, and three layers."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(POINTS * 3, affine=False)
        self.layers = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(POINTS * 3, HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(HIDDEN, 48),
        )

    def forward(self, points: Tensor) -> Tensor:
        """(batch, 48) logits"""
        return cast("Tensor", self.layers(self.norm(framed(points).flatten(1))))


def framed(points: Tensor) -> Tensor:
    """Points with the eyes level and one apart, and the nose one below them.

    Width and height are scaled apart from each other, as they are in coordinates that were divided
    by the width and the height of a picture; so nothing depends on the form of that picture.
    """
    right, left = (points[:, list(eye)].mean(1) for eye in EYES)
    points = points - ((right + left) / 2)[:, None]
    across = left[:, :2] - right[:, :2]
    apart = across.norm(dim=1, keepdim=True).clamp_min(1e-6)
    cos, sin = across[:, :1] / apart, across[:, 1:] / apart
    x = points[..., 0] * cos + points[..., 1] * sin
    y = points[..., 1] * cos - points[..., 0] * sin
    below = y[:, NOSE : NOSE + 1].clamp_min(1e-6)
    return torch.stack([x / apart, y / below, points[..., 2] / apart], 2).clamp(-10, 10)


def mirrored(points: Tensor, pairs: Tensor) -> Tensor:
    """The same face in a mirror."""
    return points[:, pairs] * torch.tensor([-1.0, 1.0, 1.0])


def pairs_of(points: Tensor) -> Tensor:
    """(478,) the point that each point becomes in a mirror: on the average face, the nearest."""
    mean = framed(points).mean(0)
    return cast("Tensor", torch.cdist(mean * torch.tensor([-1.0, 1.0, 1.0]), mean).argmin(1))


def changed(points: Tensor, pairs: Tensor) -> Tensor:
    """Mirrored half of the time, another width, and points that are a little off."""
    mirror = torch.rand(len(points), 1, 1) < 0.5
    points = torch.where(mirror, mirrored(points, pairs), points)
    stretch = torch.ones(len(points), 1, 3)
    stretch[:, 0, 0] = torch.exp((torch.rand(len(points)) - 0.5) * 1.2)
    return points * stretch + torch.randn_like(points) * 0.003


def train(data: Path, work: Path) -> MeshNet:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    faces, meshes = read(data), np.load(work / "meshes.npz")
    rows, points = meshes["rows"], torch.from_numpy(meshes["points"])
    said = torch.load(work / "face.pt", weights_only=True)
    names = said["names"].float()[rows][:, PARTS["expressions"]]
    weight = said["weight"][rows].clamp_max(1.0) * torch.where(said["weight"][rows] < 1, GIVEN_WEIGHT, 1.0)
    learned = np.flatnonzero(np.isin(rows, faces.train) & (weight.numpy() > 0))
    chosen = np.flatnonzero(np.isin(rows, faces.development))
    network, pairs = MeshNet(), pairs_of(points)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    steps = len(learned) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps * EPOCHS)
    for epoch in range(EPOCHS):
        network.train()
        shuffled = torch.from_numpy(rng.permutation(learned))
        for step in range(steps):
            some = shuffled[step * BATCH : (step + 1) * BATCH]
            logits = network(changed(points[some], pairs))
            each = functional.binary_cross_entropy_with_logits(logits, names[some], reduction="none").mean(1)
            loss = (each * weight[some]).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        if epoch % 10 == 9:
            network.eval()
            with torch.no_grad():
                shares = torch.sigmoid(network(points[chosen])).numpy()
            truth = faces.ratings[rows[chosen]][:, PARTS["expressions"]]
            print(f"epoch {epoch}: development mean r {mean_correlation(shares, truth):.3f}", flush=True)
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    network = nn.Sequential(train(wanted.data, wanted.work), nn.Sigmoid()).eval()
    torch.onnx.export(
        network,
        (torch.rand(2, POINTS, 3),),
        str(wanted.out),
        input_names=["points"],
        output_names=["expressions"],
        dynamic_axes={"points": {0: "batch"}, "expressions": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    halve(wanted.out)
    print(f"{wanted.out}: {wanted.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
