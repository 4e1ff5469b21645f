"""A network whose large matrix products are of 8-bit integers, with scales that are fixed beforehand.

ONNX Runtime's own dynamic quantisation scales what goes into a product by its largest number: one large
number in one text of a batch makes every other text coarse, and a text scores otherwise alone than beside
others. Here the scales come from texts read beforehand, one for each channel, and part of each is
moved into the weights (as SmoothQuant does, arXiv 2211.10438), so that a text's scores are its own. What is
rounded off a row of weights is made up for by the rows after it (GPTQ, arXiv 2210.17323).
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

EVEN = "MultiHeadAttention"
"""What gives channels so alike that one step for all of them is as exact, and saves their scaling."""

WITHIN = 0.9997
"""Share of a channel's numbers that must fit; the few beyond are cut off."""

DAMPED = 0.01
"""Of the mean power of channels, what is added to each: rounding must not rest on two that are all but one."""

Feeds = Sequence[dict[str, NDArray[np.int64]]]

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What goes into a product, as texts showed it."""

    low: Doubles
    high: Doubles
    """(channels,): between these, which 0 is, lie nearly all numbers of each"""
    together: Doubles
    """(channels, channels): mean of the product of each two"""


@dataclass(frozen=True, slots=True)
class _Bytes:
    """How it becomes unsigned bytes."""

    steps: Doubles
    """(channels,): the size of a step of each"""
    zero: int


def in_eight_bits(path: Path, out: Path, read: Feeds, left: float = LEFT) -> None:
    """Rewrite products by large constant matrices, and tables that rows are taken from. `read` is what
    the network is given so that it shows how large numbers get."""
    model = onnx.load(path)
    tables = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    tables = {name: table for name, table in tables.items() if table.ndim == 2 and table.size >= SMALLEST}
    products = {node.output[0]: node for node in model.graph.node if _is_product(node, tables)}
    even = {node.output[0] for node in model.graph.node if node.op_type == EVEN}
    seen = _looked(model, sorted({node.input[0] for node in products.values()}), read)
    _join_biases(model, products)
    nodes: list[NodeProto] = []
    known: dict[str, _Bytes] = {}
    for node in model.graph.node:
        if node.output[0] in products:
            given = node.input[0]
            if given not in known:
                known[given] = _bytes(seen[given], 1.0 if given in even else left)
                nodes += _rounded(model, given, known[given])
            turned = any(one.name == "transB" and one.i for one in node.attribute)
            table = tables[node.input[1]]
            nodes.append(_product(model, node, table.T if turned else table, known[given], seen[given]))
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


def _looked(model: ModelProto, names: Sequence[str], read: Feeds) -> dict[str, _Seen]:
    shown = ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = InferenceSession(shown.SerializeToString(), providers=["CPUExecutionProvider"])
    seen: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    for feed in read:
        counted = feed["mask"].astype(bool)
        for name, values in zip(names, session.run(list(names), feed), strict=True):
            seen[name].append(values[counted] if values.ndim == 3 else values)
    return {name: _of(np.concatenate(seen.pop(name))) for name in names}


def _of(rows: NDArray[np.float32]) -> _Seen:
    low, high = np.quantile(rows, [(1 - WITHIN) / 2, (1 + WITHIN) / 2], axis=0)
    return _Seen(np.minimum(low, 0), np.maximum(high, 0), (rows.T @ rows / len(rows)).astype(np.float64))


def _bytes(seen: _Seen, left: float) -> _Bytes:
    """Steps in which all fits into 254 of them, part of the differences between channels being evened out.
    Zero is where it has to be: what GELU gives is hardly ever below it."""
    largest = np.maximum(seen.high, -seen.low)
    steps = np.maximum(largest, largest.max() * 1e-3) ** (1 - left)
    above, below = (seen.high / steps).max(), (-seen.low / steps).max()
    return _Bytes(steps * (above + below) / 254, round(254 * below / (above + below)))


def _rounded(model: ModelProto, name: str, how: _Bytes) -> list[NodeProto]:
    """What goes into products as bytes, once for all of them."""
    _keep(model, f"{name}.zero", np.array(how.zero, np.uint8))
    if np.ptp(how.steps) == 0:
        _keep(model, f"{name}.step", how.steps[0].astype(np.float32))
        given = [name, f"{name}.step", f"{name}.zero"]
        return [helper.make_node("QuantizeLinear", given, [f"{name}.bytes"])]
    _keep(model, f"{name}.steps", (1 / how.steps).astype(np.float32))
    given = [f"{name}.scaled", "eight.one", f"{name}.zero"]
    return [
        # scales of channels by a product of its own: QuantizeLinear goes through channels one by one
        helper.make_node("Mul", [name, f"{name}.steps"], [f"{name}.scaled"]),
        helper.make_node("QuantizeLinear", given, [f"{name}.bytes"]),
    ]


def _product(
    model: ModelProto, node: NodeProto, table: NDArray[np.float32], how: _Bytes, seen: _Seen
) -> NodeProto:
    """x · W as integers: rows of W by the steps of what goes in, columns of that to signed bytes by scales."""
    weights = table * how.steps[:, None]
    scale = np.maximum(np.abs(weights).max(0), 1e-12) / 127
    at, out, given = f"{node.output[0]}.eight", node.output[0], node.input[0]
    together = seen.together / np.outer(how.steps, how.steps)
    _keep(model, f"{at}.weights", _made_up(weights / scale, together))
    _keep(model, f"{at}.scale", scale.astype(np.float32))
    bias = [node.input[2]] if len(node.input) > 2 else []
    inputs = [f"{given}.bytes", f"{at}.weights", "eight.one", f"{at}.scale", f"{given}.zero", "", *bias]
    return helper.make_node("MatMulIntegerToFloat", inputs, [out], domain="com.microsoft")


def _made_up(weights: Doubles, together: Doubles) -> NDArray[np.int8]:
    """Weights (channels, columns) as whole numbers. By as much as one is rounded, those after it are moved, as far as
    what they are multiplied with goes together."""
    size = len(weights)
    whole = together + DAMPED * together.trace() / size * np.eye(size)
    after = np.linalg.cholesky(np.linalg.inv(whole)).T
    left, found = weights.copy(), np.empty(weights.shape, np.int8)
    for i in range(size):
        found[i] = np.clip(np.round(left[i]), -127, 127)
        left[i + 1 :] -= np.outer(after[i, i + 1 :] / after[i, i], left[i] - found[i])
    return found


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
