"""A network that tells faces apart, in the form of MobileFace, made on the spot: what it gives of a face is
the mean of each colour in the upper and in the lower half."""

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

from mien.weights import COMPLETE

HALVES = 6
"""Numbers that it gives of a face: upper and lower red, upper and lower green, upper and lower blue."""


def write(folder: Path, batch: int | str = "batch", side: int = 112) -> Path:
    """Write the network and mark it whole. `batch` is how many faces it takes at once."""
    folder.mkdir(parents=True)
    nodes = [
        helper.make_node(
            "AveragePool", ["input"], ["halves"], kernel_shape=[side // 2, side], strides=[side // 2, side]
        ),
        helper.make_node("Reshape", ["halves", "flat"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "identity",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [batch, HALVES])],
        [numpy_helper.from_array(np.array([-1, HALVES]), "flat")],
    )
    opsets = [helper.make_opsetid("", 11)]  # as the real one was exported
    save(helper.make_model(graph, opset_imports=opsets, ir_version=6), folder / "mobilenetv2.onnx")
    (folder / COMPLETE).write_text(json.dumps({"files": [{"name": "mobilenetv2.onnx"}]}))
    return folder
