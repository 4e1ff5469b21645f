"""Train the language network.

    python -m training.language.train --data DATA --start MINILM --out WORK/student.pt --texts 230000 [--soft WORK/soft.npz] [--begin language.onnx]

MINILM is a folder as sentence-transformers publishes all-MiniLM-L6-v2; `soft.npz` is what `teacher` says of
texts. A checkpoint is written every few minutes, and a run that was stopped goes on from it.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from mien.engines.textnet import EXPRESSED, FELT, TOXIC
from training.language.corpus import (
    Batch,
    Source,
    batches,
    emoji,
    load,
    padded,
    softened,
    tokenizer,
    with_emoji,
)
from training.language.data import entities, rated_before
from training.language.network import Encoder, Network, Read
from training.language.start import begin
from training.precision import halved

SHARES = {
    "rated": 0.33,
    "goemotions": 0.35,
    "xed": 0.16,
    "sentiment": 0.05,
    "toxicity": 0.04,
    "entities": 0.07,
}
"""How often a batch is of each source. Before all of GoEmotions and XED was rated, half was of "rated", a
quarter and a twelfth of these two."""

TAUGHT_SHARES = {
    "rated": 0.27,
    "goemotions": 0.34,
    "xed": 0.15,
    "sentiment": 0.06,
    "toxicity": 0.06,
    "entities": 0.12,
}
"""The same where a teacher speaks of texts that nobody rated: the network would know the rated ones by heart."""

NAMES_OFTEN = {"wikigold": 3, "written": 3}
"""How often sentences with names are shown, by their source: the large one is of tweets alone."""

GIVEN_OFTEN = 2
"""How often a text is shown whose ratings were given: those to report on are of the same kinds."""

JOINED = ("rated", "goemotions", "sentiment", "toxicity")
"""Sources whose words are learned from: pairs of their texts are read as one."""

HIDDEN = 0.1
"""How many tokens are not told, lest texts be known by heart: but for those whose names are to be found."""

SAID = 0.1
"""Shares of all names together, from which on it counts which they are."""

HARD = 0.75
"""How much what somebody said counts beside what the teacher says."""


def loss_of(read: Read, batch: Batch, evenly: Tensor) -> tuple[Tensor, dict[str, float]]:
    """What all that is known of some texts says of what was read. `evenly` is how much each expression
    counts."""
    counted = batch.mask[:, 1:-1] > 0
    parts = {
        "expressions": 12 * between(read.passages[:, EXPRESSED], batch.measures[:, EXPRESSED], evenly),
        "which": 0.25 * _which(read.passages[:, EXPRESSED], batch.measures[:, EXPRESSED]),
        "sentiment": 0.5 * _spread(read.passages[:, FELT], batch.measures[:, FELT]),
        "toxicity": 2 * between(read.passages[:, TOXIC], batch.measures[:, TOXIC]),
        "aside": 5 * between(read.aside, batch.aside),
        "word expressions": 4 * between(read.tokens[..., EXPRESSED], batch.tokens[..., EXPRESSED], evenly),
        "word sentiment": 0.2 * _spread(read.tokens[..., FELT], batch.tokens[..., FELT]),
        "word toxicity": 1 * between(read.tokens[..., TOXIC], batch.tokens[..., TOXIC]),
        "tags": 2 * _tagged(read.tags[:, 1:-1][counted], batch.tags[:, 1:-1][counted]),
    }
    known = {name: part for name, part in parts.items() if not torch.isnan(part)}
    return sum(known.values(), torch.zeros(())), {name: float(part.detach()) for name, part in known.items()}


def between(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean cross entropy of shares, over those that are known; NaN if none is."""
    known = ~torch.isnan(target)
    each = None if weights is None else weights.expand_as(target)[known]
    return functional.binary_cross_entropy_with_logits(logits[known], target[known], each)


def _spread(logits: Tensor, target: Tensor) -> Tensor:
    """The same of a distribution."""
    known = ~torch.isnan(target[..., 0])
    return -(target[known] * functional.log_softmax(logits[known], -1)).sum(-1).mean()


def _which(logits: Tensor, target: Tensor) -> Tensor:
    """How far the parts that names have in a text are from those that they have of all that raters said of it
    (Kullback and Leibler): which comes first counts, too, not only how high each is."""
    said = target.sum(-1, keepdim=True)
    some = said[:, 0] >= SAID  # not where nobody was asked, which is NaN
    parts = target[some] / said[some]
    found = functional.log_softmax(logits[some], -1)
    return (torch.xlogy(parts, parts) - parts * found).sum(-1).mean()


def _tagged(logits: Tensor, target: Tensor) -> Tensor:
    """Minus the log of how likely a tag is that agrees."""
    known = target.sum(-1) > 0
    likely = functional.log_softmax(logits[known], -1)
    return -torch.logsumexp(likely.masked_fill(target[known] == 0, -1e4), -1).mean()


def train(sources: list[Source], network: Network, wanted: argparse.Namespace, held_out: Source) -> None:
    rng = np.random.default_rng(wanted.seed)
    steps = wanted.texts * 20 // wanted.tokens  # a text has about twenty tokens
    shapes = list(network.encoder.shapes.parameters())
    encoder = [p for p in network.encoder.parameters() if p is not shapes[0]]
    readers = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    rates = [wanted.rate, wanted.rate * 10, wanted.rate * 3]
    optimizer = torch.optim.AdamW(
        [{"params": group} for group in (encoder, readers, shapes)], weight_decay=0.01, fused=True
    )
    evenly = begin_at_means(network, sources)
    if wanted.begin:
        begin(network, wanted.begin)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    first = _resume(wanted.out, network, optimizer, average)
    streams = {
        source.name: batches(
            source,
            wanted.tokens,
            rng,
            joined=wanted.joined if source.name in JOINED else 0.0,
            hidden=0.0 if source.name == "entities" else HIDDEN,
        )
        for source in sources
    }
    names = [source.name for source in sources]
    shares = np.array([(TAUGHT_SHARES if wanted.soft else SHARES)[name] for name in names])
    said: dict[str, list[float]] = {}
    begun = saved = time.time()
    for step in range(first, steps):
        warm = min(1.0, (step + 1) / (0.08 * steps)) * max(0.0, 1 - step / steps)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * warm
        batch = next(streams[names[rng.choice(len(names), p=shares / shares.sum())]])
        network.train()
        with halved():
            read = network(batch.ids, batch.mask, batch.shapes)
        loss, parts = loss_of(Read(*(part.float() for part in read)), batch, evenly)
        if not parts:
            continue
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)  # new memory for each step costs more than the step
        if step % 4 == 3:
            keep = min(0.996, (1 + step) / (80 + step))
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        for name, part in parts.items():
            said.setdefault(name, []).append(part)
        if step % 50 == 49:
            told = "  ".join(f"{name} {np.mean(values):.3f}" for name, values in said.items())
            print(f"step {step + 1} of {steps}, {time.time() - begun:.0f} s:  {told}", flush=True)
            said.clear()
        if time.time() - saved > wanted.every or step == steps - 1:
            saved = time.time()
            network_now = {name: value.clone() for name, value in network.state_dict().items()}
            network.load_state_dict(average)
            print(f"  development: {judged(network, held_out)}", flush=True)
            network.load_state_dict(network_now)
            torch.save(
                {
                    "network": network_now,
                    "average": average,
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                },
                wanted.out.with_suffix(".part"),
            )
            wanted.out.with_suffix(".part").replace(wanted.out)


@torch.no_grad()
def begin_at_means(network: Network, sources: list[Source]) -> Tensor:
    """Let every reader begin with what is true on average. A bias that has far to go is overtaken by
    the encoder, which then says the same of every text for good.

    Returns how much each expression is to count: the rarer the more, by the root of how rare.
    """
    measures = np.nanmean(np.concatenate([source.measures for source in sources]), 0)
    aside = np.nanmean(np.concatenate([source.aside for source in sources]), 0)
    logits = np.log(measures / (1 - measures))
    logits[FELT] = np.log(measures[FELT])
    network.passages.bias.zero_()
    network.tokens.bias.copy_(torch.from_numpy(logits))
    network.aside.bias.copy_(torch.from_numpy(np.log(aside / (1 - aside))))
    tags = network.tags[1]
    assert isinstance(tags, torch.nn.Linear)
    tags.bias.fill_(-5.0)
    tags.bias[0] = 0.0
    rare = (measures[EXPRESSED].mean() / measures[EXPRESSED]) ** 0.5
    return torch.from_numpy(np.clip(rare, 0.5, 3.0))


@torch.no_grad()
def give_emoji(network: Network, tokens: Tokenizer) -> None:
    """Let an emoji begin as the mean of the words for it."""
    words = network.encoder.words.weight
    for sign, meant in emoji().items():
        words[tokens.token_to_id(sign)] = words[tokens.encode(meant, add_special_tokens=False).ids].mean(0)


@torch.no_grad()
def read_all(network: Network, source: Source):  # type: ignore[no-untyped-def]
    """What the network reads of texts, as batches with the numbers of their texts."""
    network.eval()
    rng = np.random.default_rng(0)
    order = np.argsort([len(tokens.ids) for tokens in source.written], kind="stable")
    for first in range(0, len(order), 96):
        some = order[first : first + 96]
        batch = padded(source, some, rng, spoken=0.0, joined=0.0)
        with halved():
            read = network(batch.ids, batch.mask, batch.shapes)
        yield some, batch, Read(*(part.float() for part in read))


def as_worth(source: Source, data: Path) -> Source:
    """Each text as often as it is worth."""
    if source.name == "rated":
        given = {text.text for text in rated_before(data)}
        often = [GIVEN_OFTEN if text in given else 1 for text in source.texts]
    elif source.name == "entities":
        often = [NAMES_OFTEN.get(one.source, 1) for one in entities(data) if one.part == "train"]
    else:
        return source
    some = np.repeat(np.arange(len(often)), often)
    texts, written = ([of[k] for k in some] for of in (source.texts, source.written))
    spoken = [source.spoken[k] for k in some] if source.spoken else []
    return replace(
        source,
        texts=texts,
        written=written,
        spoken=spoken,
        measures=source.measures[some],
        aside=source.aside[some],
    )


def judged(network: Network, rated: Source) -> str:
    """Mean correlation over names, and how often the first name is among the raters' first three."""
    found = np.zeros((len(rated.texts), EXPRESSED.stop), np.float32)
    words = np.zeros_like(found)
    for some, batch, read in read_all(network, rated):
        found[some] = torch.sigmoid(read.passages[:, EXPRESSED]).numpy()
        counted = batch.mask[:, :, None].float()
        words[some] = ((torch.sigmoid(read.tokens[..., EXPRESSED]) * counted).sum(1) / counted.sum(1)).numpy()
    real = rated.measures[:, EXPRESSED]
    return f"{agreement(found, real)}; words' means {agreement(words, real)}"


def agreement(found: np.ndarray, real: np.ndarray) -> str:  # type: ignore[type-arg]
    names = [j for j in range(real.shape[1]) if real[:, j].std() > 0]
    mean = np.mean([np.corrcoef(found[:, j], real[:, j])[0, 1] for j in names])
    third = np.sort(real, 1)[:, -3]
    said = real.max(1) > 0
    hit = (real[np.arange(len(real)), found.argmax(1)] >= np.maximum(third, 1e-6))[said].mean()
    return f"r {mean:.3f}, top-1 in top-3 {hit:.3f}"


def _resume(
    path: Path, network: Network, optimizer: torch.optim.Optimizer, average: dict[str, Tensor]
) -> int:
    if not path.exists():
        return 0
    stored = torch.load(path, weights_only=True)
    network.load_state_dict(stored["network"])
    optimizer.load_state_dict(stored["optimizer"])
    average.update(stored["average"])
    print(f"going on after step {stored['step']}")
    return int(stored["step"]) + 1


def arguments(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="folder of the published encoder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--longest", type=int, default=72, help="tokens of a text that are read")
    return parser


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=1200, help="of one batch")
    parser.add_argument("--rate", type=float, default=4e-5)
    parser.add_argument("--soft", type=Path, help="what the teacher says")
    parser.add_argument("--begin", type=Path, help="a checkpoint or a shipped network, to be trained further")
    parser.add_argument("--joined", type=float, default=0.3, help="of pairs of texts that are read as one")
    parser.add_argument("--seed", type=int, default=0, help="of the order of texts")
    parser.add_argument("--every", type=float, default=300, help="seconds between checkpoints")
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    torch.manual_seed(0)
    tokens = with_emoji(tokenizer(wanted.start))
    network = Network(Encoder.published(wanted.start))
    give_emoji(network, tokens)
    sources = load(wanted.data, tokens, "train", wanted.longest)
    if wanted.soft:
        with np.load(wanted.soft) as soft:
            for source in sources:
                softened(source, soft, HARD)
    sources = [as_worth(source, wanted.data) for source in sources]
    held_out = next(
        source for source in load(wanted.data, tokens, "development", 96) if source.name == "rated"
    )
    train(sources, network, wanted, held_out)


if __name__ == "__main__":
    main()
