"""Put the trained network together as the engine calls it, and write it with weights as half floats.

python -m training.speakers.export --work WORK --out src/mien/weights/speakers.onnx
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from mien.engines.speakernet import CELL
from training.speakers.network import RATE, STEP, Bands, Speaker
from training.voice.export import _halve

WINDOW = 51
"""Frames of 30 ms that are pooled around each cell."""


class Voices(nn.Module):
    """(1, samples) → (cells, 256): for each cell the window around it, as far as there is sound."""

    def __init__(self, network: Speaker) -> None:
        super().__init__()
        self.bands, self.network = Bands(), network

    def forward(self, sound: Tensor) -> Tensor:
        every = round(CELL * RATE / STEP)
        return self.network(self.bands(sound), WINDOW, every, around=True)[0].T


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    network = Speaker()
    network.load_state_dict(torch.load(wanted.work / "speakers.pt", weights_only=True)["network"])
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
    _halve(wanted.out)
    print(f"{wanted.out}: {wanted.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
