"""Weigh the directions of the trained network by how well they tell voices apart, put it together as the engine
calls it, and write it with weights as half floats.

python -m training.speakers.export --work WORK --out src/mien/weights/speakers.onnx
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.engines.speakernet import CELL, SIZE
from training.halves import halve
from training.speakers.network import RATE, STEP, THINNED, Bands, Speaker
from training.speakers.train import Voices as Crops
from training.speakers.train import changed

WINDOW = 51
"""Frames of 30 ms that are pooled around each cell."""


BATCHES = 130
"""Of crops of voices, every other one changed, by which directions are weighed."""

SHRINKAGE = 0.5
"""How far the spread within voices is taken for equal in all directions, as that of new voices is less certain."""


class Voices(nn.Module):
    """(1, samples) → (cells, SIZE): for each cell the window around it, as far as there is sound."""

    def __init__(self, network: Speaker) -> None:
        super().__init__()
        self.bands, self.network = Bands(), network

    def forward(self, sound: Tensor) -> Tensor:
        every = round(CELL * RATE / STEP)
        return self.network(self.bands(sound), WINDOW, every, around=True)[0].T


@torch.no_grad()
def heard(network: Speaker, work: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(crops, 256) of voices of the training that speak, and whose they are."""
    rng = np.random.default_rng(1)
    torch.manual_seed(1)
    crops = Crops(work, rng)
    embeddings, owners = [], []
    for k in range(BATCHES):
        bands, whose = crops.batch(WINDOW * THINNED)
        bands = changed(bands, rng) if k % 2 else bands
        embeddings.append(network(bands, WINDOW, 1)[:, :, 0].numpy())
        owners.append(whose.numpy())
    speaks = np.array([name.split()[0] != "bursts" for name in np.load(work / "voices.npz")["names"]])
    everyone = np.concatenate(owners)
    return np.concatenate(embeddings)[speaks[everyone]].astype(np.float64), everyone[speaks[everyone]]


def discriminant(embeddings: NDArray[np.float64], owners: NDArray[np.int64]) -> NDArray[np.float64]:
    """(256, SIZE): the directions in which voices differ more than one voice does within itself, each as long as
    one voice varies little (linear discriminant analysis)."""
    _, index, count = np.unique(owners, return_inverse=True, return_counts=True)
    means = np.zeros((len(count), embeddings.shape[1]))
    np.add.at(means, index, embeddings)
    means /= count[:, None]
    several = count[index] > 1
    apart = (embeddings - means[index])[several]
    within = apart.T @ apart / (several.sum() * (1 - 1 / count[count > 1].mean()))
    even = np.eye(len(within)) * np.trace(within) / len(within)
    spread, axes = np.linalg.eigh((1 - SHRINKAGE) * within + SHRINKAGE * even)
    whitened = axes * spread**-0.5 @ axes.T
    _, directions = np.linalg.eigh(whitened @ np.cov(means[count > 2].T) @ whitened)
    chosen: NDArray[np.float64] = whitened @ directions[:, ::-1][:, :SIZE]
    return chosen / np.linalg.norm(chosen, 2)


@torch.no_grad()
def weighed(network: Speaker, directions: NDArray[np.float64]) -> None:
    """Make the network give what it hears in these directions alone."""
    last = network.last
    network.last = nn.Conv1d(last.in_channels, SIZE, 1)
    turned = torch.tensor(directions.T, dtype=torch.float32)
    network.last.weight.copy_((turned @ last.weight[:, :, 0])[:, :, None])
    network.last.bias.copy_(turned @ last.bias)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    network = Speaker()
    network.load_state_dict(torch.load(wanted.work / "speakers.pt", weights_only=True)["network"])
    network.eval()
    weighed(network, discriminant(*heard(network, wanted.work)))
    torch.onnx.export(
        Voices(network).eval(),
        (torch.randn(1, 40_000),),
        str(wanted.out),
        input_names=["sound"],
        output_names=["voices"],
        dynamic_axes={"sound": {1: "samples"}, "voices": {0: "cells"}},
        opset_version=17,
        dynamo=False,
    )
    halve(wanted.out)
    print(f"{wanted.out}: {wanted.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
