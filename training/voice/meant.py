"""Fit anew what the shipped network reads by which expression a burst was meant to be.

    python -m training.voice.meant --work WORK --network src/mien/weights/voice.onnx

While the encoder is trained it hears mixed, masked and distorted parts of bursts, lest it know its speakers by
heart; its own last layer, one matrix, is then poor at whole ones, and knows no contours. Here the network stays
as it is, and a hidden layer reads it: of each training burst as it is, and of changed copies, so that noise and rooms
stay known. Its weights decay strongly. What was heard is kept in WORK; `voice.heads.onnx` is rewritten in place.
"""

import argparse
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import GraphProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from training.voice.data import DEVELOPMENT, EMOGATOR, TRAIN, load
from training.voice.evaluate import Networks
from training.voice.export import changed, temperature
from training.voice.train import hits

Floats = NDArray[np.float32]

COPIES = 2
"""Changed copies of each training burst that are learned from beside it."""

HIDDEN, DROPPED = 512, 0.5
EPOCHS, BATCH, RATE, DECAY, SMOOTHING = 8, 128, 1e-3, 1.0, 0.1


class Meant(nn.Module):
    """Embeddings (pieces, 830) to logits of the expressions meant (pieces, 30)."""

    def __init__(self, embeddings: Tensor) -> None:
        super().__init__()
        spread, middle = torch.std_mean(embeddings, 0)
        self.register_buffer("middle", middle)
        self.register_buffer("spread", spread + 1e-3)
        self.first = nn.Linear(embeddings.shape[1], HIDDEN)
        self.second = nn.Linear(HIDDEN, len(EMOGATOR))

    def forward(self, embeddings: Tensor) -> Tensor:
        known = functional.dropout((embeddings - self.middle) / self.spread, DROPPED, self.training)
        hidden = functional.dropout(functional.relu(self.first(known)), DROPPED, self.training)
        logits: Tensor = self.second(hidden)
        return logits

    def tables(self, warmth: float) -> Iterator[tuple[Floats, Floats]]:
        """Weights (gives, given) and bias of both layers; logits come out divided by `warmth`."""
        weight = self.first.weight / self.spread
        yield weight.detach().numpy(), (self.first.bias - weight @ self.middle).detach().numpy()
        yield (self.second.weight / warmth).detach().numpy(), (self.second.bias / warmth).detach().numpy()


def heard(work: Path, network: Path) -> tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Embeddings of training bursts (1 + COPIES, bursts, 830) and of development ones, and their labels."""
    clips = load(work, "emogator")
    learned, chosen = clips.of(TRAIN), clips.of(DEVELOPMENT)
    cache = work / f"meant.{sha256(network.read_bytes()).hexdigest()[:12]}.npz"
    if not cache.exists():
        rng = np.random.default_rng(0)
        torch.manual_seed(0)
        shipped = Networks(network, threads=1)

        def embed(sound: Floats) -> Floats:
            found: Floats = shipped.outputs(shipped.voice.hear([sound]), "embedding")[0][0]
            return found

        tables = [[embed(clips[i]) for i in learned]]
        tables += [[embed(changed(clips[i], rng)) for i in learned] for _ in range(COPIES)]
        np.savez(cache, learned=np.array(tables), chosen=np.array([embed(clips[i]) for i in chosen]))
    with np.load(cache) as known:
        return known["learned"], known["chosen"], clips.labels[learned], clips.labels[chosen]


def fitted(embeddings: Tensor, labels: Tensor) -> Meant:
    """The layer that tells from embeddings (bursts, 830) what was meant."""
    torch.manual_seed(0)
    reader = Meant(embeddings)
    optimizer = torch.optim.AdamW(reader.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(labels) // BATCH)
    for step in range(steps):
        if step % (steps // EPOCHS) == 0:
            batches = iter(torch.randperm(len(labels)).split(BATCH))
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 300) * max(0.01, 1 - step / steps)
        some = next(batches)
        loss = functional.cross_entropy(reader(embeddings[some]), labels[some], label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return reader.eval()


def rewrite(graph: GraphProto, tables: Iterator[tuple[Floats, Floats]]) -> None:
    """Let what was meant be read by these layers."""
    logits = next(node for node in graph.node if "intended" in node.output).input[0]
    before = ("intended.", "meant.")
    kept = [node for node in graph.node if node.output[0] != logits and not node.output[0].startswith(before)]
    weights = [one for one in graph.initializer if not one.name.startswith(before)]
    made, given = [], "embedding"
    for layer, (weight, bias) in enumerate(tables):
        at = f"meant.{layer}"
        weights.append(numpy_helper.from_array(weight.astype(np.float16), f"{at}.weight.half"))
        weights.append(numpy_helper.from_array(bias, f"{at}.bias"))
        made.append(helper.make_node("Cast", [f"{at}.weight.half"], [f"{at}.weight"], to=TensorProto.FLOAT))
        made.append(helper.make_node("Gemm", [given, f"{at}.weight", f"{at}.bias"], [f"{at}.sum"], transB=1))
        made.append(helper.make_node("Relu", [f"{at}.sum"], [f"{at}.hidden"]))
        given = f"{at}.hidden"
    made.pop()
    made[-1].output[0] = logits
    at = next(k for k, node in enumerate(kept) if logits in node.input)
    del graph.node[:], graph.initializer[:]
    graph.node.extend([*kept[:at], *made, *kept[at:]])
    graph.initializer.extend(weights)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    learned, chosen, labels, meant = heard(wanted.work, wanted.network)
    every = torch.from_numpy(learned.reshape(-1, learned.shape[2]))
    reader = fitted(every, torch.from_numpy(np.tile(labels, len(learned))))
    with torch.no_grad():
        logits = reader(torch.from_numpy(chosen))
    top1, top5 = hits(logits, torch.from_numpy(meant))
    warmth = temperature(logits.double().numpy(), meant)
    print(f"development speakers top-1 {top1:.3f} top-5 {top5:.3f}; temperature {warmth:.2f}")
    heads = wanted.network.with_suffix(".heads.onnx")
    model = onnx.load(heads)
    rewrite(model.graph, reader.tables(warmth))
    onnx.checker.check_model(model)
    onnx.save(model, heads)


if __name__ == "__main__":
    main()
