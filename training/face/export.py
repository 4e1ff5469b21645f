"""Bring together what picture and mesh say, and write the network that mien ships.

    python -m training.face.export --data DATA --work WORK --out face.onnx

The graph takes `faces` float32 (batch, 48, 48), grey from 0 to 255, and `points` float32
(batch, 478, 3), their meshes in any unit. It gives `expressions` (batch, 48), `facs` (batch, 36) and
`descriptions` (batch, 27), and for evaluation `votes` (batch, 9): what FER+'s people would vote, as
shares, from the picture alone. A mesh of zeros is none: the picture alone counts.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.face.data import NAMES, PARTS, read
from training.face.geometry import POINTS, MeshNet
from training.face.network import SIDE, FaceNet
from training.face.train import Pair, mean_correlation
from training.halves import halve


class Shares(nn.Module):
    """Pixels and points to shares of raters. The picture counts as the mean over it and its mirror image.

    The logits of the two are added, each as far as it helps on the development faces: two weights for
    all expressions, two for all action units, two for all descriptions.
    """

    def __init__(self, picture: FaceNet, mesh: MeshNet) -> None:
        super().__init__()
        self.picture, self.mesh = picture, mesh
        self.weights = nn.Parameter(torch.tensor([[1.0, 0.0]]).repeat(len(PARTS), 1))

    def said(self, faces: Tensor, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of votes (batch, 9), of names by the picture and by the mesh (batch, 111)."""
        count = faces.shape[0]
        _, votes, names = self.picture(torch.cat([faces, faces.flip(2)]))
        _, by_mesh = self.mesh(points)
        likely = torch.softmax(votes, 1)
        return (likely[:count] + likely[count:]) / 2, (names[:count] + names[count:]) / 2, by_mesh

    def together(self, by_picture: Tensor, by_mesh: Tensor, there: Tensor) -> Tensor:
        """Logits of names; `there` (batch, 1) is 1 where there is a mesh."""
        sizes = torch.tensor([columns.stop - columns.start for columns in PARTS.values()])
        weights = self.weights.repeat_interleave(sizes, 0)
        return by_picture + there * ((weights[:, 0] - 1) * by_picture + weights[:, 1] * by_mesh)

    def forward(self, faces: Tensor, points: Tensor) -> tuple[Tensor, ...]:
        votes, by_picture, by_mesh = self.said(faces, points)
        there = (points.abs().amax((1, 2)) > 0).float()[:, None]
        shares = torch.sigmoid(self.together(by_picture, by_mesh, there))
        return (*(shares[:, columns] for columns in PARTS.values()), votes)


def weigh(network: Shares, data: Path, work: Path) -> None:
    """Choose the weights on the development faces, by cross entropy."""
    faces, meshes = read(data), np.load(work / "meshes.npz")
    mine = np.flatnonzero(np.isin(meshes["rows"], faces.development))
    rows = meshes["rows"][mine]
    truth = torch.from_numpy(faces.ratings[rows])
    with torch.no_grad():
        images = torch.from_numpy(faces.images[rows]).float()
        _, by_picture, by_mesh = network.said(images, torch.from_numpy(meshes["seen"][mine]))
    there = torch.ones(len(rows), 1)
    optimizer = torch.optim.LBFGS([network.weights], max_iter=100)

    def loss() -> Tensor:
        optimizer.zero_grad()
        lost = functional.binary_cross_entropy_with_logits(
            network.together(by_picture, by_mesh, there), truth
        )
        lost.backward()  # type: ignore[no-untyped-call]
        return lost

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        both = network.together(by_picture, by_mesh, there)
    for part, columns in PARTS.items():
        rs = [
            mean_correlation(torch.sigmoid(x)[:, columns].numpy(), truth[:, columns].numpy())
            for x in (by_picture, by_mesh, both)
        ]
        print(f"development {part}: picture {rs[0]:.3f}, mesh {rs[1]:.3f}, together {rs[2]:.3f}")
    print(f"weights {network.weights.detach().numpy().round(2).tolist()}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    pair, mesh = Pair(), MeshNet()
    stored = torch.load(wanted.work / "face.pt", weights_only=True)
    pair.load_state_dict(stored["average"])
    mesh.load_state_dict(torch.load(wanted.work / "geometry.pt", weights_only=True))
    network = Shares(pair.face, mesh).eval()
    weigh(network, wanted.data, wanted.work)
    names = [*PARTS, "votes"]
    torch.onnx.export(
        network,
        (torch.rand(2, SIDE, SIDE) * 255, torch.rand(2, POINTS, 3)),
        str(wanted.out),
        input_names=["faces", "points"],
        output_names=names,
        dynamic_axes={name: {0: "batch"} for name in ("faces", "points", *names)},
        opset_version=17,
        dynamo=False,
    )
    halve(wanted.out)
    count = sum(p.numel() for p in network.parameters())
    print(
        f"{wanted.out}: {wanted.out.stat().st_size / 1e6:.1f} MB, {count / 1e6:.1f} M parameters,"
        f" epoch {stored['epoch']}, {len(NAMES)} names"
    )


if __name__ == "__main__":
    main()
