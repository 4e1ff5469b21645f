"""The shipped face network as the begin of further training.

In the graph normalisations are part of the convolutions before them: these are taken apart again, by what
training faces give there, so that all goes on as it was.
"""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from training.face.network import FaceNet
from training.integers import weights


def begin(network: FaceNet, shipped: Path, images: Tensor) -> None:
    """Let `network` be the shipped one; its normalisations are set by `images` (faces, 48, 48)."""
    graph = onnx.load(shipped).graph
    raw = {name: torch.from_numpy(values) for name, values in weights(graph).items()}
    prefix = "network."
    found = {name.removeprefix(prefix): one for name, one in raw.items() if name.startswith(prefix)}
    for node in graph.node:
        if node.op_type == "Conv":
            path = node.name.strip("/").removesuffix("/Conv").replace("/", ".").removeprefix(prefix)
            path = path.replace("blocks.blocks.", "blocks.").replace("shortcut.shortcut.", "shortcut.")
            norm = path[:-1] + "2" if path.endswith("shortcut.1") else f"{path}_norm"
            found[f"{path}.weight"], found[f"{norm}.bias"] = raw[node.input[1]], raw[node.input[2]]
            if path.endswith("shortcut.1"):  # its pooling is a part of it, see `export.swift`
                found[f"{path}.weight"] = found[f"{path}.weight"].sum((2, 3), keepdim=True)
    missing = network.load_state_dict(found, strict=False).missing_keys
    assert all("norm" in name or "shortcut.2." in name for name in missing), missing
    _set_apart(network, images)


@torch.no_grad()
def _set_apart(network: FaceNet, images: Tensor) -> None:
    """Give each normalisation the mean and variance of what comes to it, and the weights that undo it."""

    def see(norm: nn.Module, given: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        variance, mean = torch.var_mean(given[0], (0, 2, 3), correction=0)
        norm.bias += mean
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)

    hooks = [
        one.register_forward_pre_hook(see) for one in network.modules() if isinstance(one, nn.BatchNorm2d)
    ]
    network.eval()(images)
    for hook in hooks:
        hook.remove()
