"""A network whose large matrix products are of 8-bit integers, with scales that are fixed beforehand.

ONNX Runtime's own dynamic quantisation scales what goes into a product by its largest number: one large
number in one text of a batch makes every other text coarse, and a text scores otherwise alone than beside
others. Here the scales come from texts read beforehand, one for each channel, and part of each is
moved into the weights (as SmoothQuant does, arXiv 2211.10438), so that a text's scores are its own.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession

SMALLEST = 100_000
"""Weights of a matrix below which it stays as it is: there is nothing to gain."""

LEFT = 0.35
"""How much of the difference between channels is left to what goes in; the rest is moved to the weights."""

Feeds = Sequence[dict[str, NDArray[np.int64]]]


def in_eight_bits(path: Path, out: Path, read: Feeds, left: float = LEFT) -> None:
    """Rewrite products by large constant matrices, and tables that rows are taken from. `read` is what
    the network is given so that it shows how large numbers get."""
    model = onnx.load(path)
    tables = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    tables = {name: table for name, table in tables.items() if table.ndim == 2 and table.size >= SMALLEST}
    products = {node.output[0]: node for node in model.graph.node if _is_product(node, tables)}
    largest = _largest(model, sorted({node.input[0] for node in products.values()}), read)
    _join_biases(model, products)
    nodes: list[NodeProto] = []
    steps: dict[str, NDArray[np.float64]] = {}
    for node in model.graph.node:
        if node.output[0] in products:
            given = node.input[0]
            if given not in steps:
                steps[given] = _steps(largest[given], left)
                nodes += _bytes(model, given, steps[given])
            turned = any(one.name == "transB" and one.i for one in node.attribute)
            table = tables[node.input[1]]
            nodes.append(_product(model, node, table.T if turned else table, steps[given]))
        elif node.op_type == "Gather" and node.input[0] in tables:
            nodes += _rows(model, node, tables[node.input[0]])
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [one for one in model.graph.initializer if one.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    _keep(model, "eight.one", np.array(1, np.float32))
    _keep(model, "eight.middle", np.array(128, np.uint8))
    if not any(one.domain == "com.microsoft" for one in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, out)


def _is_product(node: NodeProto, tables: dict[str, NDArray[np.float32]]) -> bool:
    return node.op_type in ("MatMul", "Gemm") and node.input[1] in tables


def _join_biases(model: ModelProto, products: dict[str, NodeProto]) -> None:
    """Make what is added to a product a part of it, as the product of integers adds it for nothing."""
    known = {one.name for one in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        made = [name for name in node.input if name in products]
        added = [name for name in node.input if name in known]
        if node.op_type == "Add" and len(made) == len(added) == 1 and len(products[made[0]].input) == 2:
            product = products.pop(made[0])
            product.input.append(added[0])
            product.output[0] = node.output[0]
            products[node.output[0]] = product
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)


def _largest(model: ModelProto, names: Sequence[str], read: Feeds) -> dict[str, NDArray[np.float32]]:
    """How large each channel gets, but for one in a thousand."""
    shown = ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = InferenceSession(shown.SerializeToString(), providers=["CPUExecutionProvider"])
    seen: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    for feed in read:
        counted = feed["mask"].astype(bool)
        for name, values in zip(names, session.run(list(names), feed), strict=True):
            seen[name].append(np.abs(values[counted] if values.ndim == 3 else values))
    return {name: np.quantile(np.concatenate(rows), 0.999, axis=0) for name, rows in seen.items()}


def _steps(largest: NDArray[np.float32], left: float) -> NDArray[np.float64]:
    """The size of a channel's steps: of 127, and part of the differences between channels, reach the largest."""
    even = np.maximum(largest, largest.max() * 1e-3).astype(np.float64)
    steps: NDArray[np.float64] = even ** (1 - left) * (even**left).max() / 127
    return steps


def _bytes(model: ModelProto, name: str, steps: NDArray[np.float64]) -> list[NodeProto]:
    """What goes into products as unsigned bytes around 128, once for all of them."""
    _keep(model, f"{name}.steps", (1 / steps).astype(np.float32))
    return [
        # scales of channels by a product of its own: QuantizeLinear goes through channels one by one
        helper.make_node("Mul", [name, f"{name}.steps"], [f"{name}.scaled"]),
        helper.make_node(
            "QuantizeLinear", [f"{name}.scaled", "eight.one", "eight.middle"], [f"{name}.bytes"]
        ),
    ]


def _product(
    model: ModelProto, node: NodeProto, table: NDArray[np.float32], steps: NDArray[np.float64]
) -> NodeProto:
    """x · W as integers: rows of W by the steps of what goes in, columns of that to signed bytes by scales."""
    weights = table * steps[:, None]
    scale = np.maximum(np.abs(weights).max(0), 1e-12) / 127
    at, out = f"{node.output[0]}.eight", node.output[0]
    _keep(model, f"{at}.weights", np.clip(np.round(weights / scale), -127, 127).astype(np.int8))
    _keep(model, f"{at}.scale", scale.astype(np.float32))
    bias = [node.input[2]] if len(node.input) > 2 else []
    given = [f"{node.input[0]}.bytes", f"{at}.weights", "eight.one", f"{at}.scale", "eight.middle", ""]
    return helper.make_node("MatMulIntegerToFloat", [*given, *bias], [out], domain="com.microsoft")


def _rows(model: ModelProto, node: NodeProto, table: NDArray[np.float32]) -> list[NodeProto]:
    """Rows of a table, kept as bytes with a scale a row, made whole."""
    at, out = f"{node.output[0]}.eight", node.output[0]
    scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-12) / 127
    _keep(model, f"{at}.table", np.round(table / scale).astype(np.int8))
    _keep(model, f"{at}.scale", scale.astype(np.float32))
    return [
        helper.make_node("Gather", [f"{at}.table", node.input[1]], [f"{at}.bytes"]),
        helper.make_node("Cast", [f"{at}.bytes"], [f"{at}.float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{at}.scale", node.input[1]], [f"{at}.scales"]),
        helper.make_node("Mul", [f"{at}.float", f"{at}.scales"], [out]),
    ]


def _keep(model: ModelProto, name: str, values: NDArray[np.generic]) -> None:
    model.graph.initializer.append(numpy_helper.from_array(values, name))
