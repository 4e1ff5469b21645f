"""The facemesh network: 478 points of a face in, what moves in it and shares of raters out.

    python -m training.face.geometry --data DATA --work WORK --landmarker face_landmarker.task --out facemesh.onnx

It learns from the meshes of `training.face.meshes`. How much each of 52 blendshapes is there it learns
from MediaPipe's blendshape network, on faces and on mixtures of them; how people would name the face, from the ratings where there are any
and else from what the face network said of the picture while it was trained. The graph takes `points`
float32 (batch, 478, 3) in any unit and gives `expressions` float32 (batch, 48), and for evaluation
`shapes` (batch, 52).
"""

import argparse
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.face.data import NAMES, PARTS, read
from training.face.meshes import SHAPED, Landmarker
from training.face.train import mean_correlation
from training.halves import halve

RIGHT_EYE, LEFT_EYE, NOSE = (33, 133), (362, 263), 2
RIGHT_IRIS, LEFT_IRIS, BROW, CHIN = 468, 473, 10, 152
EPOCHS, BATCH, RATE = 80, 128, 1.5e-3
SHAPES_WEIGHT = 1.0
POINTS, HIDDEN, SHAPES = 478, 256, 52
MIXTURES = 30_000

SIDES = (
    (1, 2), (4, 5), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16), (17, 18), (19, 20), (21, 22), (24, 26),
    (28, 29), (30, 31), (33, 39), (34, 35), (36, 37), (44, 45), (46, 47), (48, 49), (50, 51),
)  # fmt: skip
"""Blendshapes of the left and of the right, in MediaPipe's order."""


class MeshNet(nn.Module):
    """Points in a frame of the face's own; what moves in it; and what it is called.

    What moves, left against right, where the head turns and where the eyes look are given to the last
    layers by themselves: contempt is one-sided, shame and embarrassment look down (Keltner et al. 2019).
    """

    points: Tensor
    moves: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Dropout(0.1), nn.Linear(POINTS * 3, HIDDEN), nn.ReLU())
        self.shapes = nn.Sequential(  # of what its teacher is given; no dropout, as it copies
            nn.Linear(len(SHAPED) * 2, HIDDEN),
            nn.GELU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.GELU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.GELU(),
            nn.Linear(HIDDEN, SHAPES),
        )
        self.names = nn.Sequential(
            nn.Dropout(0.4),
            nn.Linear(HIDDEN + SHAPES + len(SIDES) + 6, HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(HIDDEN, len(NAMES)),
        )
        # means and spreads over the faces to learn from, of framed points and of blendshapes
        self.register_buffer("points", torch.stack([torch.zeros(POINTS, 3), torch.ones(POINTS, 3)]))
        self.register_buffer("moves", torch.stack([torch.zeros(SHAPES), torch.ones(SHAPES)]))

    def measure(self, points: Tensor, shapes: Tensor) -> None:
        """Set the means and spreads."""
        own = framed(points)
        self.points = torch.stack([own.mean(0), own.std(0).clamp_min(1e-3)])
        self.moves = torch.stack([shapes.mean(0), shapes.std(0).clamp_min(1e-3)])

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, 52) shapes, (batch, 111) logits of names"""
        own = framed(points)
        even = ((own - self.points[0]) / self.points[1]).clamp(-8, 8)
        seen = self.trunk(even.flatten(1))
        moved = self.shapes(even[:, list(SHAPED), :2].flatten(1))
        shapes = moved * self.moves[1] + self.moves[0]
        left, right = (shapes[:, list(side)] for side in zip(*SIDES, strict=True))
        measured = torch.cat([moved.clamp(-5, 5), (left - right).abs() * 10, turned(own)], 1)
        # how people name a face does not change how its shapes are learned
        return shapes, self.names(torch.cat([seen, measured.detach()], 1))


def framed(points: Tensor) -> Tensor:
    """Points with the eyes level and one apart, and the nose one below them.

    Width and height are scaled apart from each other, as they are in coordinates that were divided
    by the width and the height of a picture; so nothing depends on the form of that picture.
    """
    right, left = (points[:, list(eye)].mean(1) for eye in (RIGHT_EYE, LEFT_EYE))
    points = points - ((right + left) / 2)[:, None]
    across = left[:, :2] - right[:, :2]
    apart = across.norm(dim=1, keepdim=True).clamp_min(1e-6)
    cos, sin = across[:, :1] / apart, across[:, 1:] / apart
    x = points[..., 0] * cos + points[..., 1] * sin
    y = points[..., 1] * cos - points[..., 0] * sin
    below = y[:, NOSE : NOSE + 1].clamp_min(1e-6)
    return torch.stack([x / apart, y / below, points[..., 2] / apart], 2).clamp(-10, 10)


def turned(own: Tensor) -> Tensor:
    """(batch, 6): how far the head is turned to a side and down, and where each eye looks, from points
    framed as above; across and down, in widths of the eye."""
    right, left = (own[:, list(eye)].mean(1) for eye in (RIGHT_EYE, LEFT_EYE))
    aside, down = left[:, 2] - right[:, 2], own[:, CHIN, 2] - own[:, BROW, 2]
    looks = []
    for eye, iris in ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS)):
        middle = own[:, list(eye), :2].mean(1)
        width = (own[:, eye[1], 0] - own[:, eye[0], 0]).abs().clamp_min(0.05)[:, None]
        looks.append((own[:, iris, :2] - middle) / width)
    return torch.cat([aside[:, None], down[:, None], *looks], 1).clamp(-3, 3)


def mixtures(points: Tensor, teacher: Landmarker, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Meshes between two faces, and what the teacher says of them."""
    pairs = rng.integers(0, len(points), (MIXTURES, 2))
    shares = torch.from_numpy(rng.uniform(-0.3, 1.3, (MIXTURES, 1, 1)).astype(np.float32))
    own = points - points[:, NOSE : NOSE + 1]
    own = own / (own[:, LEFT_EYE[1]] - own[:, RIGHT_EYE[0]]).norm(dim=1)[:, None, None] * 0.4
    mixed = own[pairs[:, 0]] * shares + own[pairs[:, 1]] * (1 - shares) + 0.5
    return mixed, torch.from_numpy(np.stack([teacher.shapes(one) for one in mixed.numpy()]))


def mirrored(points: Tensor, pairs: Tensor) -> Tensor:
    """The same face in a mirror."""
    return points[:, pairs] * torch.tensor([-1.0, 1.0, 1.0])


def pairs_of(points: Tensor) -> Tensor:
    """(478,) the point that each point becomes in a mirror: on the average face, the nearest."""
    mean = framed(points).mean(0)
    pairs = cast("Tensor", torch.cdist(mean * torch.tensor([-1.0, 1.0, 1.0]), mean).argmin(1))
    pairs[RIGHT_IRIS], pairs[LEFT_IRIS] = LEFT_IRIS, RIGHT_IRIS
    return pairs


def shapes_mirrored() -> Tensor:
    """(52,) the blendshape that each becomes in a mirror."""
    order = torch.arange(SHAPES)
    for left, right in SIDES:
        order[left], order[right] = right, left
    return order


def changed(points: Tensor, shapes: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
    """Mirrored half of the time, another width, and points that are a little off."""
    mirror = torch.rand(len(points)) < 0.5
    points = torch.where(mirror[:, None, None], mirrored(points, pairs), points)
    shapes = torch.where(mirror[:, None], shapes[:, shapes_mirrored()], shapes)
    stretch = torch.ones(len(points), 1, 3)
    stretch[:, 0, 0] = torch.exp((torch.rand(len(points)) - 0.5) * 1.2)
    stretch[:, 0, 2] = stretch[:, 0, 0]
    size = (points[:, LEFT_EYE[1]] - points[:, RIGHT_EYE[0]]).norm(dim=1)[:, None, None]
    return points * stretch + torch.randn_like(points) * 0.001 * size, shapes


def train(data: Path, work: Path, teacher: Landmarker) -> MeshNet:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    faces, meshes = read(data), np.load(work / "meshes.npz")
    rows = meshes["rows"]
    points, shapes = torch.from_numpy(meshes["points"]), torch.from_numpy(meshes["shapes"])
    said = torch.load(work / "face.pt", weights_only=True)
    names, weight = said["names"].float()[rows], said["weight"][rows].clamp_max(1.0)
    learned = np.flatnonzero(np.isin(rows, faces.train) & (weight.numpy() > 0))
    chosen = np.flatnonzero(np.isin(rows, faces.development))
    network, pairs = MeshNet(), pairs_of(points)
    network.measure(points[learned], shapes[learned])
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    between, moved_between = mixtures(points[learned], teacher, rng)
    steps = len(learned) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps * EPOCHS)
    for epoch in range(EPOCHS):
        network.train()
        shuffled = torch.from_numpy(rng.permutation(learned))
        for step in range(steps):
            some = shuffled[step * BATCH : (step + 1) * BATCH]
            laid, moved = changed(points[some], shapes[some], pairs)
            shown, logits = network(laid)
            each = functional.binary_cross_entropy_with_logits(logits, names[some], reduction="none").mean(1)
            other = torch.from_numpy(rng.choice(MIXTURES, BATCH, replace=False))
            laid, aim = changed(between[other], moved_between[other], pairs)
            shown, moved = torch.cat([shown, network(laid)[0]]), torch.cat([moved, aim])
            off = ((shown - moved) / network.moves[1]).abs().mean()
            loss = (each * weight[some]).mean() * 5 + SHAPES_WEIGHT * off
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        if epoch % 10 == 9:
            network.eval()
            truth = faces.ratings[rows[chosen]]
            with torch.no_grad():
                shown, logits = network(points[chosen])
            alike = mean_correlation(shown.numpy(), shapes[chosen].numpy(), 0)
            found = [
                f"{part} {mean_correlation(torch.sigmoid(logits).numpy()[:, c], truth[:, c]):.3f}"
                for part, c in PARTS.items()
            ]
            print(f"epoch {epoch}: development: shapes r {alike:.3f}, {', '.join(found)}", flush=True)
    return network.eval()


class Expressions(nn.Module):
    """What is exported."""

    def __init__(self, network: MeshNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        shapes, names = self.network(points)
        return torch.sigmoid(names[:, PARTS["expressions"]]), shapes.clamp(0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--landmarker", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    network = train(wanted.data, wanted.work, Landmarker(wanted.landmarker, wanted.work))
    torch.onnx.export(
        Expressions(network).eval(),
        (torch.rand(2, POINTS, 3),),
        str(wanted.out),
        input_names=["points"],
        output_names=["expressions", "shapes"],
        dynamic_axes={name: {0: "batch"} for name in ("points", "expressions", "shapes")},
        opset_version=17,
        dynamo=False,
    )
    halve(wanted.out)
    print(f"{wanted.out}: {wanted.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
