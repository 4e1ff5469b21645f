"""Let what is heard become shares of listeners: the step after `export`, without which no network opens.

    python -m training.voice.mixing --data DATA --network src/mien/weights/voice.onnx

Two things speak for what a burst expresses. What its maker was likely asked for: by the law of total expectation,
score_j = Σ_k P(k) · shares[k, j] (`training.semantics`). And which kind of call it is: `calls.tsv` says what share
of listeners would hear each expression in a sigh, a yawn, a laugh, as a large language model rated it three times. The
first knows little of tiredness, since nobody was asked for that; the second cannot tell a proud "ha" from a cruel one.
What sounds like speech has what is meant by the speaker alone. `voice.heads.onnx` is rewritten in place: its outputs
`prosody` and `expressions`, (pieces, 48) each.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from mien.labels import BURST_DESCRIPTIONS, EXPRESSIONS
from training.semantics.shares import ratings, shares
from training.voice.data import EMODB, EMOGATOR

CALLS = Path(__file__).parent / "calls.tsv"

CALL_COUNTS = 0.3
"""How much the kind of call counts beside what was meant. On development speakers the correlation of scores with what was
meant falls from .375 to .367; of bursts described as Sigh, Phew or Whew before all, .86 have relief or tiredness first
instead of .65."""

DECIDED = 0.5
"""By which the logits of kinds are divided, for their softmax to say which kind a burst is."""

OUTPUTS = "prosody", "expressions"

MADE = "mixed."
"""How everything made here is called."""


def heard_in_calls() -> NDArray[np.float32]:
    """(67, 48) shares of listeners, in the order of `BURST_DESCRIPTIONS` and `EXPRESSIONS`."""
    with CALLS.open(newline="", encoding="utf-8") as file:
        rows = {row["call"]: row for row in csv.DictReader(file, delimiter="\t")}
    return np.array(
        [[float(rows[call][name]) / 100 for name in EXPRESSIONS] for call in BURST_DESCRIPTIONS], np.float32
    )


def mix(graph: GraphProto, tables: dict[str, NDArray[np.float32]]) -> None:
    """Write anew how `prosody` and `expressions` follow from the rest. `tables`: `meant` (30, 48), `spoken`
    (7, 48) and `calls` (67, 48)."""
    by_output = {name: node for node in graph.node for name in node.output}
    logits = by_output["descriptions"]
    while logits.op_type != "Gemm":
        logits = by_output[logits.input[0]]
    _forget(graph, OUTPUTS)
    shape = ["batch", len(EXPRESSIONS)]
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in OUTPUTS)
    for name, table in tables.items():
        graph.initializer.append(numpy_helper.from_array(table.astype(np.float16), f"{MADE}{name}.half"))
    for name, value in (("decided", DECIDED), ("counts", CALL_COUNTS), ("rest", 1 - CALL_COUNTS), ("one", 1)):
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), f"{MADE}{name}"))

    def node(kind: str, given: str, out: str, **rest: int) -> NodeProto:
        """`given` are names, those that begin with a point of what is made here."""
        return helper.make_node(
            kind, [MADE + one[1:] if one[0] == "." else one for one in given.split()], [out], **rest
        )

    graph.node.extend(
        [node("Cast", f".{name}.half", MADE + name, to=TensorProto.FLOAT) for name in tables]
        + [
            node("MatMul", "intended .meant", MADE + "by_meaning"),
            node("Div", f"{logits.output[0]} .decided", MADE + "kinds"),
            node("Softmax", ".kinds", MADE + "kind", axis=1),
            node("MatMul", ".kind .calls", MADE + "by_call"),
            node("Mul", ".by_meaning .rest", MADE + "part"),
            node("Mul", ".by_call .counts", MADE + "other"),
            node("Add", ".part .other", "expressions"),
            node("MatMul", "spoken .spoken", MADE + "by_speech"),
            node("Mul", "speech .by_speech", MADE + "as_speech"),
            node("Sub", ".one speech", MADE + "no_speech"),
            node("Mul", ".no_speech expressions", MADE + "as_burst"),
            node("Add", ".as_speech .as_burst", "prosody"),
        ]
    )


def _forget(graph: GraphProto, outputs: tuple[str, ...]) -> None:
    """Leave out these outputs, and what serves them alone."""
    kept, others = list(graph.node), [one for one in graph.output if one.name not in outputs]
    wanted = {one.name for one in others}
    for node in reversed(graph.node):
        if wanted.isdisjoint(node.output):
            kept.remove(node)
        else:
            wanted.update(node.input)
    weights = [one for one in graph.initializer if one.name in wanted]
    del graph.node[:], graph.initializer[:], graph.output[:]
    graph.output.extend(others)
    graph.node.extend(kept)
    graph.initializer.extend(weights)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    wanted = parser.parse_args()
    heads = wanted.network.with_suffix(".heads.onnx")
    model = onnx.load(heads)
    rated = ratings(wanted.data)
    meant, spoken = (shares(rated, names).astype(np.float32) for names in (EMOGATOR, list(EMODB.values())))
    mix(model.graph, {"meant": meant, "spoken": spoken, "calls": heard_in_calls()})
    onnx.checker.check_model(model)
    onnx.save(model, heads)


if __name__ == "__main__":
    main()
