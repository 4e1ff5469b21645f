"""Write the network that mien ships.

    python -m training.face.export --data DATA --work WORK --out face.onnx

The graph takes `faces` float32 (batch, 48, 48), grey from 0 to 255. It gives `expressions` (batch, 48),
`facs` (batch, 36) and `descriptions` (batch, 27), and for evaluation `votes` (batch, 9): what FER+'s
people would vote, as shares.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.curve import Curve, fitted
from training.face.data import NAMES, PARTS, Faces, read
from training.face.network import SIDE, Block, FaceNet
from training.face.train import Pair, scores_of
from training.integers import Feed, in_integers

SHOWN = 500
"""Faces that are shown to the network before its products become integers."""


class Shares(nn.Module):
    """Pixels to shares of raters: the mean over a face and its mirror image, each part bent by its curve."""

    def __init__(self, network: FaceNet, curves: Sequence[Curve]) -> None:
        super().__init__()
        self.network = network
        each = [
            curve.by.repeat(len(NAMES[columns]), 1)
            for columns, curve in zip(PARTS.values(), curves, strict=True)
        ]
        self.curve = Curve(torch.cat(each).T.numpy())  # of all names at once

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        _, votes, names = self.network(torch.cat([faces, faces.flip(2)]))
        shares = mean_of_both(torch.sigmoid(self.curve(names)))
        return *(shares[:, columns] for columns in PARTS.values()), mean_of_both(torch.softmax(votes, 1))


def mean_of_both(said: Tensor) -> Tensor:
    """Of faces and then their mirror images."""
    return said.unflatten(0, (2, -1)).mean(0)


@torch.no_grad()
def swift(network: FaceNet) -> FaceNet:
    """The same network with shortcuts as ONNX Runtime is quick at them: the mean of four pixels and then a
    convolution are one, as its pooling of bytes takes as long as the convolutions beside it."""
    for block in network.blocks:
        if isinstance(block, Block) and isinstance(block.shortcut, nn.Sequential):
            pool, conv, norm = block.shortcut
            side = pool.kernel_size
            wider = nn.Conv2d(conv.in_channels, conv.out_channels, side, side, bias=False)
            wider.weight.copy_(conv.weight.expand_as(wider.weight) / side**2)
            block.shortcut = nn.Sequential(nn.Identity(), wider, norm)
    return network


@torch.no_grad()
def calibrated(network: FaceNet, faces: Faces) -> Shares:
    """As high as raters' shares on the development faces: most who rated the faces that are learned from name
    fewer things of a face than those who rated these."""
    images = torch.from_numpy(faces.images[faces.development])
    logits = torch.cat([scores_of(network, some)[2] for some in (images, images.flip(2))]).numpy()
    real = np.tile(faces.ratings[faces.development], (2, 1))
    return Shares(network, [fitted(logits[:, some], real[:, some]) for some in PARTS.values()])


def shown(faces: Faces) -> Iterator[Feed]:
    """Some training faces, for the network to show how large its numbers get."""
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
    faces = read(wanted.data)
    names = [*PARTS, "votes"]
    torch.onnx.export(
        calibrated(swift(pair.face), faces).eval(),
        (torch.rand(2, SIDE, SIDE) * 255,),
        str(wanted.out),
        input_names=["faces"],
        output_names=names,
        dynamic_axes={name: {0: "batch"} for name in ("faces", *names)},
        opset_version=17,
        dynamo=False,
    )
    in_integers(wanted.out, shown(faces))
    count = sum(p.numel() for p in pair.face.parameters())
    print(
        f"{wanted.out}: {wanted.out.stat().st_size / 1e6:.1f} MB, {count / 1e6:.1f} M parameters, epoch {stored['epoch']}"
    )


if __name__ == "__main__":
    main()
