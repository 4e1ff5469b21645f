"""A shipped voice network as the begin of further training.

    python -m training.voice.start --work WORK --network voice.onnx

Writes `WORK/start.pt`. In the graph some normalisations are part of the convolution before them: these
are taken apart again, by what EmoGator's training speakers give there, so that all goes on as it was. The
layers that only training needs begin anew: what YAMNet hears, and what was meant once `meant` has read that
by layers of its own.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from training import integers
from training.voice.data import EMOGATOR, TRAIN, load
from training.voice.network import Classifier, normalised
from training.voice.train import TAUGHT, bands_of

SHOWN = 1024
"""Recordings by which the normalisations are set."""


def weights(network: Path) -> dict[str, Tensor]:
    """The weights of a network and of its heads, by their names in `Classifier`."""
    heads = network.with_suffix(".heads.onnx")
    return _weights(network) | (_weights(heads) if heads.exists() else {})


def _weights(network: Path) -> dict[str, Tensor]:
    """Merged normalisations do nothing but add."""
    graph = onnx.load(network).graph
    raw = {name: torch.from_numpy(values) for name, values in integers.weights(graph).items()}
    found = {_renamed(name): tensor for name, tensor in raw.items() if not name.startswith("onnx::")}
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) > 2 and "encoder" in node.name:
            path = node.name.strip("/").removesuffix("/Conv").replace("/", ".")
            path = path.replace("blocks.blocks.", "blocks.").replace("shortcut.shortcut.0", "shortcut.0")
            norm = path.removesuffix("0") + "1" if path.endswith("shortcut.0") else f"{path}_norm"
            found[f"{path}.weight"], bias = raw[node.input[1]], raw[node.input[2]]
            found |= {
                f"{norm}.weight": torch.ones_like(bias),
                f"{norm}.bias": bias,
                f"{norm}.running_mean": torch.zeros_like(bias),
                f"{norm}.running_var": torch.full_like(bias, 1 - 1e-5),
            }
    return found


def _renamed(name: str) -> str:
    """Attention and the last norm were part of the encoder before bursts were found."""
    for part in ("attention", "norm"):
        name = name.replace(f"encoder.{part}.", f"pool.{part}.")
    return name.replace("intended.", "head.")


def set_apart(network: Classifier, bands: Tensor) -> None:
    """Give the normalisations that only add the mean and variance of what comes to them, and the weights
    that undo it: the network gives what it gave, and can be trained."""

    def see(norm: nn.Module, given: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        variance, mean = torch.var_mean(given[0], (0, 2, 3), correction=0)
        norm.bias.data += mean
        norm.weight.data = (variance + norm.eps).sqrt()
        norm.running_mean, norm.running_var = mean, variance

    merged = [
        one
        for one in network.modules()
        if isinstance(one, nn.BatchNorm2d) and one.running_mean is not None and not one.running_mean.any()
    ]
    hooks = [one.register_forward_pre_hook(see) for one in merged]
    with torch.no_grad():
        network.eval()(bands)
    for hook in hooks:
        hook.remove()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    wanted = parser.parse_args()
    network = Classifier(len(EMOGATOR), TAUGHT)
    known = network.state_dict()
    given = {name: tensor for name, tensor in weights(wanted.network).items() if name in known}
    missing = network.load_state_dict(given, strict=False).missing_keys
    assert all("num_batches" in name or name.startswith(("taught", "head")) for name in missing), missing
    clips = load(wanted.work, "emogator")
    bands, _ = bands_of(clips, wanted.work / "emogator.bands.npy")
    some = np.random.default_rng(0).choice(clips.of(TRAIN), SHOWN, replace=False)
    set_apart(network, normalised(bands[some].float().transpose(1, 2)))
    torch.save({"average": network.state_dict()}, wanted.work / "start.pt")


if __name__ == "__main__":
    main()
