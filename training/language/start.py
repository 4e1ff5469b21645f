"""A checkpoint as the begin of further training, or a shipped network: its bytes are made whole again."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.language.network import Network

READ_ANEW = "tags."
"""The reader that the shipped network may have from `readers`: here it begins from nothing."""


def begin(network: Network, before: Path) -> None:
    """Let `network` be the one of a checkpoint, or of a graph in ONNX."""
    if before.suffix == ".pt":
        network.load_state_dict(torch.load(before, weights_only=True)["average"])
        return
    graph = onnx.load(before).graph
    raw = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found: dict[str, Tensor] = {
        name.removeprefix("network."): torch.from_numpy(values.copy())
        for name, values in raw.items()
        if name.startswith("network.")
    }
    for name, values in raw.items():
        at, _, kind = name.rpartition(".eight.")
        if kind == "table":
            found[f"{_module(at)}.weight"] = torch.from_numpy(values * raw[f"{at}.eight.scale"])
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            given, at = node.input[0].removesuffix(".bytes"), node.output[0]
            whole = raw[node.input[1]] * raw[node.input[3]] * raw[f"{given}.steps"][:, None]
            found[f"{_module(at)}.weight"] = torch.from_numpy(whole.T.astype(np.float32).copy())
        elif node.op_type == "MatMul" and node.input[1] in raw and node.output[0].startswith("/network/"):
            found[f"{_module(node.output[0])}.weight"] = torch.from_numpy(raw[node.input[1]].T.copy())
    found = {name.replace(".layer.", "."): value for name, value in found.items()}
    for name in [name for name in found if ".looks.0." in name]:
        looks = [found.pop(name.replace(".looks.0.", f".looks.{i}.")) for i in range(3)]
        found[name.replace(".looks.0.", ".look.")] = torch.cat(looks)
    missing = network.load_state_dict(found, strict=False).missing_keys
    assert all(name.startswith(READ_ANEW) for name in missing), missing


def _module(output: str) -> str:
    """What the module is called whose output this is: `/network/mixed/mixed.1/Gemm_output_0` → `mixed.1`."""
    parts = output.strip("/").split("/")[1:-1]
    return ".".join(
        part for part, after in zip(parts, [*parts[1:], ""], strict=True) if not after.startswith(f"{part}.")
    )
