"""Write the network that mien ships.

    python -m training.face.export --data DATA --work WORK --out face.onnx

The graph takes `faces` float32 (batch, 48, 48), grey from 0 to 255. It gives `expressions` (batch, 48),
`facs` (batch, 36) and `descriptions` (batch, 27), and for evaluation `votes` (batch, 9): what FER+'s
people would vote, as shares.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.face.data import PARTS, read
from training.face.network import SIDE, FaceNet
from training.face.train import Pair
from training.integers import Feed, in_integers

SHOWN = 500
"""Faces that are shown to the network before its products become integers."""


class Shares(nn.Module):
    """Pixels to shares of raters: the mean over a face and its mirror image."""

    def __init__(self, network: FaceNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        count = faces.shape[0]
        _, votes, names = self.network(torch.cat([faces, faces.flip(2)]))
        shares, likely = torch.sigmoid(names), torch.softmax(votes, 1)
        shares, likely = (shares[:count] + shares[count:]) / 2, (likely[:count] + likely[count:]) / 2
        return (*(shares[:, columns] for columns in PARTS.values()), likely)


def shown(data: Path) -> Iterator[Feed]:
    """Some training faces, for the network to show how large its numbers get."""
    faces = read(data)
    rows = np.random.default_rng(0).choice(faces.train, SHOWN, replace=False)
    for some in np.array_split(rows, SHOWN // 50):
        yield {"faces": faces.images[some].astype(np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    pair = Pair()
    stored = torch.load(wanted.work / "face.pt", weights_only=True)
    pair.load_state_dict(stored["average"])
    names = [*PARTS, "votes"]
    torch.onnx.export(
        Shares(pair.face).eval(),
        (torch.rand(2, SIDE, SIDE) * 255,),
        str(wanted.out),
        input_names=["faces"],
        output_names=names,
        dynamic_axes={name: {0: "batch"} for name in ("faces", *names)},
        opset_version=17,
        dynamo=False,
    )
    in_integers(wanted.out, shown(wanted.data))
    count = sum(p.numel() for p in pair.face.parameters())
    print(
        f"{wanted.out}: {wanted.out.stat().st_size / 1e6:.1f} MB, {count / 1e6:.1f} M parameters, epoch {stored['epoch']}"
    )


if __name__ == "__main__":
    main()
