"""Make of a checkpoint the network that is shipped: calibrated, in ONNX, in 8 bits.

python -m training.language.export --data DATA --start MINILM --student WORK/student.pt --out src/mien/weights/language.onnx
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor, nn

from mien.engines.textnet import EXPRESSED, FELT, TOXIC
from training.language.corpus import Source, load, padded, tokenizer, with_emoji
from training.language.eightbit import Feeds, in_eight_bits
from training.language.network import Encoder, Network
from training.language.train import arguments, read_all

SHOWN = 24
"""Batches of texts that show how large numbers get."""

HELD = 40.0
"""How strongly calibration is held to leaving things as they are: development texts are few."""


class Shipped(nn.Module):
    """The network with its outputs as they are served. `passages` and `words` are (2, 53) each: by how
    much the logits of expressions are stretched and shifted."""

    def __init__(self, network: Network, passages: Tensor, words: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("passages", passages)
        self.register_buffer("words", words)

    def forward(self, ids: Tensor, mask: Tensor, shapes: Tensor) -> tuple[Tensor, ...]:
        read = self.network(ids, mask, shapes)
        shares = torch.sigmoid(read.passages[:, EXPRESSED] * self.passages[0] + self.passages[1])
        felt = torch.softmax(read.passages[:, FELT], 1)
        passages = torch.cat([shares, felt, torch.sigmoid(read.passages[:, TOXIC])], 1)
        shares = read.tokens[..., EXPRESSED] * self.words[0] + self.words[1]
        tokens = torch.cat([shares, read.tokens[..., FELT.start :]], 2)
        return passages, tokens, torch.softmax(read.tags, 2), torch.sigmoid(read.aside)


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
        fits = np.array([_fitted(logits[:, j], real[:, j]) for j in range(EXPRESSED.stop)], np.float32).T
        found.append(torch.from_numpy(fits))
        print(
            f"stretched by {fits[0].mean():.2f} ({fits[0].min():.2f} to {fits[0].max():.2f}), shifted by {fits[1].mean():.2f}"
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
        opset_version=17,
        dynamo=False,
    )
    in_eight_bits(whole, out, shown)
    whole.unlink()
    count = sum(p.numel() for p in network.parameters()) / 1e6
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {count:.1f} M parameters")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--student", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    tokens = with_emoji(tokenizer(wanted.start))
    network = Network(Encoder.published(wanted.start))
    network.load_state_dict(torch.load(wanted.student, weights_only=True)["average"])
    held_out = next(one for one in load(wanted.data, tokens, "development", 120) if one.name == "rated")
    shipped = calibrated(network, held_out)
    train = next(one for one in load(wanted.data, tokens, "train", 120) if one.name == "rated")
    write(shipped, wanted.out, list(feeds(train)))
    tokens.save(str(wanted.out.with_suffix(".vocabulary.json")), pretty=False)


if __name__ == "__main__":
    main()
