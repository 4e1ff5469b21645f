"""Fit anew what the finished network reads names and toxicity by.

    python -m training.language.readers --data DATA --network src/mien/weights/language.onnx

All tasks share one encoder, in which expressions have the most say: its last states alone say too little of
names, and what few sources know is drowned by what many do. Here the encoder stays as it is, and a layer of
its own reads each of the two, from two layers of the encoder and from the state of a whole text, each source
as often as it is worth. States are those of the 8-bit network, as they are served. How one tag follows another is
learned besides, from prose that neither the encoder nor the readers have seen. The graph is rewritten in place; in
one that has its readers already, as the shipped one has, they stay, and only the latter is learned anew.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from mien.engines.onnx import calls
from mien.engines.textnet import SERVED_AS, SERVED_TAGS, TAGS, TOXIC
from mien.labels import TOXICITY
from training.language.corpus import Source, Tokens, given, load
from training.language.data import entities, toxicity_written
from training.language.train import between

LONGEST = 100
"""Tokens of a text that are read."""

WORTH = {"wnut17": 3.0, "wikigold": 5.0, "btc": 1.0, "written": 4.0}
"""How often a sentence is shown, by its source: the large one knows three kinds, of tweets alone."""

UNMARKED = 0.02
"""How likely a word that a source leaves unmarked is of a kind that this source does not know. Were that left
open, every exclamation of a tweet would become something or other."""

HIDDEN = 256
EPOCHS, BATCH, RATE = 10, 96, 2e-3
TOXIC_EPOCHS, TOXIC_BATCH, TOXIC_RATE = 5, 256, 1e-3

RARE = 4.0
"""How much more often a comment is shown that somebody found a threat, or an attack on an identity; it then
counts so much less, lest all scores rise."""

WRITTEN = 6.0
"""How much a sentence counts that was written to tell what is toxic from what merely sounds so."""

FOLLOWING_EPOCHS, FOLLOWING_BATCH, FOLLOWING_RATE = 2, 16, 0.03

Floats = NDArray[np.float32]


class Reader(nn.Module):
    """A layer between states and what is read of them; `changes` something that is nothing at first."""

    def __init__(self, states: Tensor, size: int, changes: bool) -> None:
        super().__init__()
        spread, middle = torch.std_mean(states.float(), 0)
        self.register_buffer("middle", middle)
        self.register_buffer("spread", spread + 1e-3)
        self.first = nn.Linear(states.shape[1], HIDDEN)
        self.second = nn.Linear(HIDDEN, size)
        if changes:
            nn.init.zeros_(self.second.weight)
            nn.init.zeros_(self.second.bias)

    def forward(self, states: Tensor) -> Tensor:
        known = functional.dropout((states.float() - self.middle) / self.spread, 0.2, self.training)
        hidden = functional.dropout(functional.relu(self.first(known)), 0.3, self.training)
        read: Tensor = self.second(hidden)
        return read

    def tables(self) -> Iterator[tuple[Floats, Floats]]:
        """Weights (given, gives) and bias of both layers; how states are made even is part of the first."""
        weight = self.first.weight / self.spread
        yield weight.detach().numpy().T, (self.first.bias - weight @ self.middle).detach().numpy()
        yield self.second.weight.detach().numpy().T, self.second.bias.detach().numpy()


class Graph:
    """The shipped network, and where in it things are."""

    def __init__(self, path: Path) -> None:
        self.model = onnx.load(path)
        nodes = self.model.graph.node
        norms = [node.output[0] for node in nodes if node.op_type == "LayerNormalization"]
        self.layers = [norms[-1], norms[-4]]
        """States of tokens after the last layer and the one before it"""
        self.whole = _named(nodes, "/network/Concat").output[0]
        """State of the first token, and the mean of all: of a text"""
        self.tags = next(node for node in nodes if "tags" in node.output)
        joined = next(node for node in nodes if "passages" in node.output)
        self.toxic = next(node for node in nodes if node.output[0] == joined.input[-1])
        self.is_read = self.tags.input[0].endswith(".reader.sum1")
        """Whether it has its readers already"""
        self._changed: list[tuple[NodeProto, list[NodeProto]]] = []

    def read(self, texts: Sequence[Tokens], names: Sequence[str]) -> Iterator[tuple[list[int], list[Floats]]]:
        """Numbers of texts, and what some tensors are for them, padded."""
        shown = ModelProto()
        shown.CopyFrom(self.model)
        shown.graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
        )
        options = SessionOptions()
        options.intra_op_num_threads = 1
        session = InferenceSession(shown.SerializeToString(), options, providers=["CPUExecutionProvider"])
        for call in calls([len(text.ids) + 2 for text in texts], 2000):
            yield call, session.run(list(names), given([texts[k] for k in call]))

    def replace(self, node: NodeProto, states: Sequence[str], reader: Reader, changes: bool) -> None:
        """Let a node take what the reader makes of some states, added to what it took if it `changes` that."""
        at = f"{node.output[0]}.reader"
        name, made = states[0], []
        if len(states) > 1:
            name = f"{at}.states"
            made.append(helper.make_node("Concat", list(states), [name], axis=-1))
        for k, (weights, bias) in enumerate(reader.tables()):
            halves = numpy_helper.from_array(weights.astype(np.float16), f"{at}.half{k}")
            self.model.graph.initializer.extend([halves, numpy_helper.from_array(bias, f"{at}.bias{k}")])
            made.append(
                helper.make_node("Cast", [f"{at}.half{k}"], [f"{at}.weights{k}"], to=TensorProto.FLOAT)
            )
            made.append(helper.make_node("MatMul", [name, f"{at}.weights{k}"], [f"{at}.product{k}"]))
            made.append(helper.make_node("Add", [f"{at}.product{k}", f"{at}.bias{k}"], [f"{at}.sum{k}"]))
            name = f"{at}.sum{k}"
            if k == 0:
                made.append(helper.make_node("Relu", [name], [f"{at}.hidden"]))
                name = f"{at}.hidden"
        if changes:
            made.append(helper.make_node("Add", [name, node.input[0]], [f"{at}.changed"]))
            name = f"{at}.changed"
        node.input[0] = name
        self._changed.append((node, made))

    def follow(self, table: Floats, warmth: float) -> None:
        """Say how tags follow each other, and scale the logits of tags."""
        rows = [[round(float(one), 3) for one in row] for row in table]
        helper.set_model_props(self.model, {"follows": json.dumps(rows)})
        at = self.tags.input[0].removesuffix("sum1")
        for one in self.model.graph.initializer:
            if one.name in (f"{at}half1", f"{at}bias1"):
                values = numpy_helper.to_array(one)
                one.CopyFrom(numpy_helper.from_array((values * warmth).astype(values.dtype), one.name))

    def save(self, path: Path) -> None:
        """Without what nothing rests on any more."""
        before = {node.output[0]: made for node, made in self._changed}
        nodes = [one for node in self.model.graph.node for one in (*before.get(node.output[0], ()), node)]
        wanted = {output.name for output in self.model.graph.output}
        kept = []
        for node in reversed(nodes):
            if wanted & set(node.output):
                kept.append(node)
                wanted |= set(node.input)
        del self.model.graph.node[:]
        self.model.graph.node.extend(reversed(kept))
        held = [one for one in self.model.graph.initializer if one.name in wanted]
        del self.model.graph.initializer[:]
        self.model.graph.initializer.extend(held)
        onnx.checker.check_model(self.model)
        onnx.save(self.model, path)


def _named(nodes: Iterable[NodeProto], name: str) -> NodeProto:
    return next(node for node in nodes if node.name == name)


def names_reader(graph: Graph, source: Source, origins: Sequence[str], rng: np.random.Generator) -> Reader:
    """What tags are read by."""
    ends = np.cumsum([len(text.ids) for text in source.written])
    parts: list[NDArray[np.float16]] = [np.empty(0, np.float16)] * len(ends)
    for call, layers in graph.read(source.written, graph.layers):
        for row, k in enumerate(call):
            count = len(source.written[k].ids)
            parts[k] = np.concatenate([layer[row, 1 : count + 1] for layer in layers], 1).astype(np.float16)
    states = torch.from_numpy(np.concatenate(parts))
    allowed = np.concatenate([text.allowed for text in source.written]).astype(np.float32)
    allowed[allowed[:, 0] > 0, 1:] *= UNMARKED
    agreeing = torch.from_numpy(allowed).clamp(min=1e-9).log()
    worth = np.array([WORTH[origin] for origin in origins])
    rows = [torch.arange(end - len(text.ids), end) for text, end in zip(source.written, ends, strict=True)]

    def loss(reader: Reader, some: NDArray[np.int64]) -> Tensor:
        tokens = torch.cat([rows[k] for k in some])
        likely = functional.log_softmax(reader(states[tokens]), -1)
        return -torch.logsumexp(likely + agreeing[tokens], -1).mean()

    return fitted(Reader(states, len(TAGS), changes=False), loss, worth, EPOCHS, BATCH, RATE, rng)


def following(
    graph: Graph, source: Source, vocabulary: Tokenizer, rng: np.random.Generator
) -> tuple[Floats, float]:
    """How well each of `SERVED_TAGS` follows each, as `mien.engines.names.given_each_other` takes it: the chain
    under which tags of sentences are likeliest, if it does not matter which kind of a name begins; and what the
    logits of tags are multiplied with for that."""
    served = torch.from_numpy(SERVED_AS)
    logits, tags = [torch.empty(0)] * len(source.texts), [torch.empty(0)] * len(source.texts)
    for call, (found,) in graph.read(source.written, [graph.tags.input[0]]):
        for row, k in zip(found, call, strict=True):
            tokens = source.written[k]
            words = vocabulary.encode(source.texts[k], add_special_tokens=False).word_ids[: len(tokens.ids)]
            firsts = np.flatnonzero([i == 0 or words[i - 1] != word for i, word in enumerate(words)])
            logits[k] = torch.from_numpy(row[1 + firsts])
            tags[k] = (torch.from_numpy(tokens.allowed[firsts]).float() @ served).argmax(1)
    steps = [[_step(one, other) for other in SERVED_TAGS] for one in SERVED_TAGS]
    known = sorted({step for row in steps for step in row})
    which = torch.tensor([[known.index(step) for step in row] for row in steps])
    by_step = torch.zeros(len(known), requires_grad=True)
    warmth = torch.ones((), requires_grad=True)
    optimizer = torch.optim.Adam([by_step, warmth], FOLLOWING_RATE, weight_decay=1e-4)
    for epoch in range(FOLLOWING_EPOCHS):
        total, order = 0.0, torch.from_numpy(rng.permutation(len(logits)))
        for some in order.split(FOLLOWING_BATCH):
            loss = torch.stack(
                [
                    _surprise(functional.softmax(warmth * logits[k], 1) @ served, tags[k], by_step[which])
                    for k in some
                ]
            ).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item() * len(some)
        print(f"  epoch {epoch}: {total / len(logits):.3f}, logits times {warmth.item():.2f}", flush=True)
    return by_step.detach()[which].numpy(), warmth.item()


def _step(tag: str, following: str) -> tuple[str, str, bool]:
    """From which place to which, and whether within one name."""
    goes_on = following[0] == "I" and following[1:] == tag[1:]
    return tag[0], following[0], goes_on


def _surprise(alone: Tensor, tags: Tensor, table: Tensor) -> Tensor:
    """How unlikely these tags (words,) are, by what words are alone (words, tags) and how tags follow."""
    own = alone.clamp_min(1e-6).log()
    every = table[0] + own[0]
    for word in own[1:]:
        every = torch.logsumexp(every[:, None] + table, 0) + word
    chain = torch.cat([tags.new_zeros(1), tags, tags.new_zeros(1)])
    taken = own[torch.arange(len(tags)), tags].sum() + table[chain[:-1], chain[1:]].sum()
    return torch.logsumexp(every + table[:, 0], 0) - taken


def toxicity_reader(graph: Graph, source: Source, rng: np.random.Generator) -> Reader:
    """By how much the logits of toxicity change."""
    parts = list(graph.read(source.written, [graph.whole, graph.toxic.input[0]]))
    order = np.argsort(np.concatenate([call for call, _ in parts]))
    known, before = (
        torch.from_numpy(np.concatenate([found[k] for _, found in parts])[order].astype(kind))
        for k, kind in enumerate((np.float16, np.float32))
    )
    shares = torch.from_numpy(source.measures[:, TOXIC])
    rare = shares[:, [TOXICITY.index("threat"), TOXICITY.index("identity_hate")]].nan_to_num()
    worth = 1 + (RARE - 1) * ((rare[:, 0] > 0) | (rare[:, 1] >= 0.3)).double()
    ours = {text.text for text in toxicity_written()}
    written = torch.tensor([text in ours for text in source.texts])

    def loss(reader: Reader, some: NDArray[np.int64]) -> Tensor:
        counts = (worth.mean() * torch.where(written, WRITTEN, 1.0)[some] / worth[some]).float()[:, None]
        return between(before[some] + reader(known[some]), shares[some], counts)

    reader = Reader(known, len(TOXICITY), changes=True)
    return fitted(reader, loss, worth.numpy(), TOXIC_EPOCHS, TOXIC_BATCH, TOXIC_RATE, rng)


def fitted(
    reader: Reader,
    loss: Callable[[Reader, NDArray[np.int64]], Tensor],
    worth: NDArray[np.float64],
    epochs: int,
    batch: int,
    rate: float,
    rng: np.random.Generator,
) -> Reader:
    """The reader after as many batches as `epochs` have, texts drawn by their `worth`."""
    optimizer = torch.optim.AdamW(reader.parameters(), rate, weight_decay=0.01)
    steps, chances, lost = epochs * len(worth) // batch, worth / worth.sum(), 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, step / 100) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        now = loss(reader.train(), rng.choice(len(worth), batch, p=chances))
        optimizer.zero_grad()
        now.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        lost += now.item()
        if step % 200 == 199:
            print(f"  step {step + 1} of {steps}: {lost / 200:.4f}", flush=True)
            lost = 0.0
    return reader.eval()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    vocabulary = Tokenizer.from_file(str(wanted.network.with_suffix(".vocabulary.json")))
    vocabulary.no_truncation()
    vocabulary.no_padding()
    graph = Graph(wanted.network)
    if not graph.is_read:
        sources = {source.name: source for source in load(wanted.data, vocabulary, "train", LONGEST)}
        print("names:")
        origins = [one.source for one in entities(wanted.data) if one.part == "train"]
        names = names_reader(graph, sources["entities"], origins, rng)
        print("toxicity:")
        toxicity = toxicity_reader(graph, sources["toxicity"], rng)
        graph.replace(graph.tags, graph.layers, names, changes=False)
        graph.replace(graph.toxic, [graph.whole], toxicity, changes=True)
        graph.save(wanted.network)
        graph = Graph(wanted.network)
    print("how tags follow:")
    held_out = {source.name: source for source in load(wanted.data, vocabulary, "development", LONGEST)}
    graph.follow(*following(graph, held_out["entities"], vocabulary, rng))
    graph.save(wanted.network)
    print(f"{wanted.network}: {wanted.network.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
