"""Make of a checkpoint the network that is shipped: calibrated, in ONNX, in 8 bits.

python -m training.language.export --data DATA --start MINILM --student WORK/student.pt --out src/mien/weights/language.onnx
"""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor, nn
from torch._C import Graph, NoneType, Value

from mien.engines.textnet import EXPRESSED, FELT, TOXIC
from training.curve import Curve, fitted
from training.language.corpus import Source, load, padded, tokenizer, with_emoji
from training.language.eightbit import Feeds, in_eight_bits
from training.language.network import Encoder, Layer, Network
from training.language.start import READ_ANEW, begin
from training.language.train import arguments, read_all

SHOWN = 24
"""Batches of texts that show how large numbers get."""

LATER = 0.7
"""How much a student counts beside the network that it went on from, where both are averaged."""

HELD = 40.0
"""How strongly calibration is held to leaving things as they are: development texts are few."""


class Calibration(nn.Module):
    """What logits of expressions become: each name's are stretched and shifted, then all are bent by one
    curve, which flattens what is high."""

    def __init__(self, names: NDArray[np.float32], curve: Curve) -> None:
        super().__init__()
        self.register_buffer("names", torch.from_numpy(names))  # (2, 53)
        self.curve = curve

    def forward(self, logits: Tensor) -> Tensor:
        return cast("Tensor", self.curve(logits * self.names[0] + self.names[1]))


class Shipped(nn.Module):
    """The network with its outputs as they are served."""

    def __init__(self, network: Network, passages: Calibration, words: Calibration) -> None:
        super().__init__()
        self.network = network
        self.passages = passages
        self.words = words

    def forward(self, ids: Tensor, mask: Tensor, shapes: Tensor) -> tuple[Tensor, ...]:
        read = self.network(ids, mask, shapes)
        shares = torch.sigmoid(self.passages(read.passages[:, EXPRESSED]))
        felt = torch.softmax(read.passages[:, FELT], 1)
        passages = torch.cat([shares, felt, torch.sigmoid(read.passages[:, TOXIC])], 1)
        tokens = torch.cat([self.words(read.tokens[..., EXPRESSED]), read.tokens[..., FELT.start :]], 2)
        return passages, tokens, torch.softmax(read.tags, 2), torch.sigmoid(read.aside)


class Attention(torch.autograd.Function):
    """Attention in one node, without the turning about of a dozen."""

    @staticmethod
    def forward(_: object, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, heads: int) -> Tensor:
        apart = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in (query, key, value))
        seen = nn.functional.scaled_dot_product_attention(*apart, mask[:, None, None].bool())
        return seen.transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(g: Graph, query: Value, key: Value, value: Value, mask: Value, heads: int) -> Value:
        given = (query, key, value, g.op("prim::Constant").setType(NoneType.get()), mask)
        seen: Value = g.op("com.microsoft::MultiHeadAttention", *given, num_heads_i=heads)
        return seen.setType(query.type())


class Swift(nn.Module):
    """A layer as ONNX Runtime is quick at it: three products rather than one that is then cut up, attention in
    one node, and GELU by its tangent, which is within .0005 of what was learned and takes half as long."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        self.looks = nn.ModuleList()
        for weight, bias in zip(layer.look.weight.chunk(3), layer.look.bias.chunk(3), strict=True):
            look = nn.Linear(weight.shape[1], weight.shape[0])
            look.weight.data, look.bias.data = weight.data, bias.data
            self.looks.append(look)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        mask = (bias[:, 0, 0] == 0).int()
        query, key, value = (look(states) for look in self.looks)
        seen = Attention.apply(query, key, value, mask, self.layer.heads)  # type: ignore[no-untyped-call]
        states = self.layer.norm(states + self.layer.seen(seen))
        wide = nn.functional.gelu(self.layer.widen(states), approximate="tanh")
        out: Tensor = self.layer.normed(states + self.layer.narrow(wide))
        return out


@torch.no_grad()
def average(network: Network, before: Path) -> None:
    """Let the weights be the mean of the network's and of those before, which shipped graphs have all but the
    reader of tags of."""
    later = {name: weights.clone() for name, weights in network.state_dict().items()}
    begin(network, before)
    for name, weights in network.state_dict().items():
        weights.lerp_(later[name], 1.0 if name.startswith(READ_ANEW) else LATER)


@torch.no_grad()
def calibrated(network: Network, held_out: Source) -> Shipped:
    """Stretch and shift each expression's logit so that shares are as high as raters' on texts held
    out, of passages and, the same way, of words by their mean."""
    passages = np.zeros((len(held_out.texts), EXPRESSED.stop))
    words = np.zeros_like(passages)
    for some, batch, read in read_all(network, held_out):
        passages[some] = read.passages[:, EXPRESSED].numpy()
        counted = batch.mask[:, :, None].float()
        words[some] = ((read.tokens[..., EXPRESSED] * counted).sum(1) / counted.sum(1)).numpy()
    real = held_out.measures[:, EXPRESSED]
    found = []
    for logits in (passages, words):
        names = np.array([_fitted(logits[:, j], real[:, j]) for j in range(EXPRESSED.stop)], np.float32).T
        curve = fitted(logits * names[0] + names[1], real)
        found.append(Calibration(names, curve))
        print(
            f"stretched by {names[0].mean():.2f} ({names[0].min():.2f} to {names[0].max():.2f}), "
            f"shifted by {names[1].mean():.2f}; curve {curve.by.numpy().round(3)}"
        )
    return Shipped(network, *found).eval()


def _fitted(logits: np.ndarray, real: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Stretch and shift with the least cross entropy."""

    def loss(by: np.ndarray) -> float:  # type: ignore[type-arg]
        moved = by[0] * logits + by[1]
        entropy = np.logaddexp(0, moved) - real * moved
        return float(entropy.sum() + HELD * ((by[0] - 1) ** 2 + 0.1 * by[1] ** 2))

    found: np.ndarray = minimize(loss, np.array([1.0, 0.0])).x  # type: ignore[type-arg]
    return found


def feeds(source: Source) -> Iterator[dict[str, NDArray[np.int64]]]:
    """Some texts as the network is given them, for it to show how large its numbers get."""
    rng = np.random.default_rng(0)
    for _ in range(SHOWN):
        some = padded(source, rng.choice(len(source.texts), 32, replace=False), rng, spoken=0.2, joined=0.3)
        yield {"ids": some.ids.numpy(), "mask": some.mask.numpy(), "shapes": some.shapes.numpy()}


def write(network: Shipped, out: Path, shown: Feeds) -> None:
    whole = out.with_suffix(".whole.onnx")
    count = sum(p.numel() for p in network.parameters()) / 1e6
    encoder = network.network.encoder
    encoder.layers = nn.ModuleList(map(Swift, encoder.layers))
    example = (
        torch.randint(1000, 2000, (2, 9)),
        torch.ones(2, 9, dtype=torch.long),
        torch.ones(2, 9, dtype=torch.long),
    )
    names, outputs = ["ids", "mask", "shapes"], ["passages", "tokens", "tags", "aside"]
    axes = {name: {0: "texts", 1: "tokens"} for name in (*names, "tokens", "tags")}
    torch.onnx.export(
        network,
        example,
        str(whole),
        input_names=names,
        output_names=outputs,
        dynamic_axes=axes | {name: {0: "texts"} for name in ("passages", "aside")},
        opset_version=20,
        custom_opsets={"com.microsoft": 1},
        dynamo=False,
    )
    in_eight_bits(whole, out, shown)
    whole.unlink()
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {count:.1f} M parameters")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--student", type=Path, required=True)
    parser.add_argument("--before", type=Path, help="what it went on from, to be averaged with it")
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    tokens = with_emoji(tokenizer(wanted.start))
    network = Network(Encoder.published(wanted.start))
    begin(network, wanted.student)
    if wanted.before:
        average(network, wanted.before)
    held_out = next(one for one in load(wanted.data, tokens, "development", 120) if one.name == "rated")
    shipped = calibrated(network, held_out)
    train = next(one for one in load(wanted.data, tokens, "train", 120) if one.name == "rated")
    write(shipped, wanted.out, list(feeds(train)))
    tokens.save(str(wanted.out.with_suffix(".vocabulary.json")), pretty=False)


if __name__ == "__main__":
    main()
