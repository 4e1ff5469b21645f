"""A larger encoder that says of unrated texts what raters would: the student learns from them besides.

    python -m training.language.teacher --data DATA --start MPNET --work WORK --threads 2

MPNET is a folder as sentence-transformers publishes all-mpnet-base-v2. Eight of its twelve layers are left as
they are: what these make of each text is written down once (WORK/lower, 3 GB), and the others learn from it:
what raters said, where any did, and GoEmotions' and XED's labels. In most of the examples the teacher is told
these labels: it need not tell what is known. It answers with WORK/soft.npz, shares of the 53 expressions for
training texts of the three sources (`MOST`).
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.engines.textnet import EXPRESSED
from training.language import data as sources
from training.language.corpus import Source, load, tokenizer
from training.language.data import GOEMOTIONS, XED
from training.language.network import Encoder, places_apart
from training.language.train import agreement, arguments, between
from training.precision import halved

READ = ("rated", "goemotions", "xed")
"""Sources whose texts are short, and whose annotators were asked for emotions."""

MOST = {"goemotions": 24_000, "xed": 8_000}
"""How many texts of a source are read, where not all are: a core takes three seconds for a hundred."""

LOWER = 8
"""Layers that are left as they are."""

UNTOLD = 0.35
"""How often the teacher is not told what is known of a text."""

BEGIN, END, NOTHING = 0, 2, 1
"""MPNet's tokens before a text, after it and beyond."""

SHARES = {"rated": 0.55, "goemotions": 0.33, "xed": 0.12}
"""How often a batch is of each source."""


@dataclass(slots=True)
class Heard:
    """What the lower layers make of the texts of one source."""

    source: Source
    states: NDArray[np.float16]
    """(all tokens, width), text after text"""
    ends: NDArray[np.int64]
    told: NDArray[np.float32]
    """(texts, GOEMOTIONS + XED + 2): labels, and which of the two sources gave any"""

    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.ends, prepend=0)

    def some(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """States (texts, tokens, width) and mask of some texts."""
        lengths = self.lengths()[indices]
        states = np.zeros((len(indices), lengths.max(), self.states.shape[1]), np.float32)
        mask = np.zeros(states.shape[:2], np.float32)
        for row, (i, length) in enumerate(zip(indices, lengths, strict=True)):
            states[row, :length] = self.states[self.ends[i] - length : self.ends[i]]
            mask[row, :length] = 1
        return torch.from_numpy(states), torch.from_numpy(mask)


class Teacher(nn.Module):
    """The upper layers of an encoder, and what is read from it. A passage is what its words say on
    average, and what the whole adds, knowing its labels."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        width = encoder.form.width
        self.layers = encoder.layers[LOWER:]
        self.distances = encoder.distances
        self.ready = nn.LayerNorm(width)
        self.mixed = nn.Linear(2 * width, width)
        self.told = nn.Linear(GOEMOTIONS + XED + 2, width)
        self.beyond = nn.Sequential(nn.GELU(), nn.Dropout(0.1))
        self.passages = nn.Linear(width, EXPRESSED.stop)
        self.aside = nn.Linear(width, GOEMOTIONS + XED)
        self.tokens = nn.Linear(width, EXPRESSED.stop)

    def forward(self, states: Tensor, mask: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of expressions (told what is known) and of labels (untold)."""
        assert self.distances is not None
        bias = torch.where(mask[:, None, None, :] > 0, 0.0, -1e4)
        bias = bias + places_apart(self.distances, states.shape[1])
        for layer in self.layers:
            states = layer(states, bias)
        states = self.ready(states)
        counted = mask[:, :, None]
        mean = (states * counted).sum(1) / counted.sum(1)
        mixed = self.mixed(nn.functional.dropout(torch.cat([states[:, 0], mean], 1), 0.1, self.training))
        words = (self.tokens(states) * counted).sum(1) / counted.sum(1)
        knowing = self.beyond(mixed + self.told(told))
        return words + self.passages(knowing), self.aside(self.beyond(mixed))


def hear(encoder: Encoder, source: Source, told: NDArray[np.float32], path: Path) -> Heard:
    """What the lower layers make of texts: read from `path` as far as that goes, and made and written there
    for the texts after. One that was stopped goes on."""
    lengths = np.array([len(tokens.ids) + 2 for tokens in source.written])
    ends = np.cumsum(lengths)
    before = np.load(path, mmap_mode="r") if path.exists() else np.zeros((0, encoder.form.width), np.float16)
    known = int(np.searchsorted(ends, len(before), side="right"))
    if known < len(ends):
        part, done = path.with_suffix(".part"), path.with_suffix(".done")
        begun = int(done.read_text()) if part.exists() and done.exists() else 0
        states = np.lib.format.open_memmap(
            part, "r+" if begun else "w+", np.float16, (int(ends[-1]), encoder.form.width)
        )
        states[: len(before)] = before
        order = known + np.argsort(lengths[known:], kind="stable")
        encoder.eval()
        for begin in range(begun, len(order), 64):
            some = order[begin : begin + 64]
            ids = np.full((len(some), lengths[some].max()), NOTHING)
            kinds, mask = np.zeros_like(ids), np.zeros_like(ids)
            for row, i in enumerate(some):
                ids[row, : lengths[i]] = np.r_[BEGIN, source.written[i].ids, END]
                mask[row, : lengths[i]] = 1
            with torch.no_grad(), halved():
                read = encoder.below(LOWER, *map(torch.from_numpy, (ids, mask, kinds))).float().numpy()
            for row, i in enumerate(some):
                states[ends[i] - lengths[i] : ends[i]] = read[row, : lengths[i]]
            if begin % 1280 == 0:
                states.flush()
                done.write_text(str(begin))
                print(f"{path.name}: {begin} of {len(order)}", flush=True)
        states.flush()
        part.replace(path)
        done.unlink(missing_ok=True)
    return Heard(source, np.load(path, mmap_mode="r"), ends, told)


def labels(data: Path, texts: list[str]) -> NDArray[np.float32]:
    """What annotators of GoEmotions and XED found in texts, and which of them were asked."""
    found = np.zeros((len(texts), GOEMOTIONS + XED + 2), np.float32)
    for place, name, asked in (
        (slice(0, GOEMOTIONS), "goemotions", -2),
        (slice(GOEMOTIONS, GOEMOTIONS + XED), "xed", -1),
    ):
        known = {
            sources.plain(text.text): text.target
            for text in getattr(sources, name)(data)
            if text.part == "train"
        }
        for i, text in enumerate(texts):
            target = known.get(sources.plain(text))
            if target is not None:
                found[i, place], found[i, asked] = target, 1
    return found


def batches(heard: Heard, most: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Texts of like length, without end, at most so many tokens at once."""
    lengths = heard.lengths()
    while True:
        for chunk in np.array_split(rng.permutation(len(lengths)), max(1, len(lengths) // 1500)):
            chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
            cuts, begin = [], 0
            for end in range(1, len(chunk) + 1):
                if end == len(chunk) or (end + 1 - begin) * lengths[chunk[end]] > most:
                    cuts.append(chunk[begin:end])
                    begin = end
            yield from (cuts[i] for i in rng.permutation(len(cuts)))


def train(teacher: Teacher, heard: dict[str, Heard], held_out: Heard, wanted: argparse.Namespace) -> None:
    rng = np.random.default_rng(0)
    assert teacher.distances is not None
    teacher.distances.requires_grad_(False)
    slow = list(teacher.layers.parameters())
    fast = [
        p
        for name, p in teacher.named_parameters()
        if not name.startswith("layers.") and not name.startswith("distances.")
    ]
    optimizer = torch.optim.AdamW([{"params": slow}, {"params": fast}], weight_decay=0.01, fused=True)
    means = heard["rated"].source.measures[:, EXPRESSED].mean(0)
    teacher.tokens.bias.data.copy_(torch.from_numpy(np.log(means / (1 - means))))
    teacher.passages.bias.data.zero_()
    evenly = torch.from_numpy(np.clip((means.mean() / means) ** 0.5, 0.5, 3.0).astype(np.float32))
    average = {name: value.clone() for name, value in teacher.state_dict().items()}
    streams = {name: batches(one, wanted.tokens, rng) for name, one in heard.items()}
    names = list(heard)
    shares = np.array([SHARES[name] for name in names])
    begun, said, step = time.time(), [], 0
    path = wanted.work / "teacher.pt"
    while (part := (time.time() - begun) / (60 * wanted.minutes)) < 1:
        warm = min(1.0, (part + 0.003) / 0.06) * (1 - part)
        for group, rate in zip(optimizer.param_groups, (wanted.rate, wanted.rate * 8), strict=True):
            group["lr"] = rate * warm
        name = names[rng.choice(len(names), p=shares)]
        some = next(streams[name])
        states, mask = heard[name].some(some)
        told = heard[name].told[some] * (rng.random(len(some)) > UNTOLD)[:, None]
        teacher.train()
        with halved():
            shown, aside = teacher(states, mask, torch.from_numpy(told.astype(np.float32)))
        source = heard[name].source
        rated = between(shown.float(), torch.from_numpy(source.measures[some][:, EXPRESSED]), evenly)
        labelled = between(aside.float(), torch.from_numpy(source.aside[some]))
        known = [part for part in (12 * rated, 5 * labelled) if not torch.isnan(part)]
        if not known:
            continue
        if not torch.isnan(rated):
            said.append(float(12 * rated.detach()))
        loss = torch.stack(known).sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        step += 1
        if step % 4 == 0:
            keep = min(0.985, (1 + step) / (40 + step))
            for key, value in teacher.state_dict().items():
                average[key].lerp_(value, 1 - keep)
        if step % 40 == 0:
            print(f"step {step}, {time.time() - begun:.0f} s: {np.mean(said):.3f}", flush=True)
            said.clear()
        if step % 100 == 0:
            now = {key: value.clone() for key, value in teacher.state_dict().items()}
            teacher.load_state_dict(average)
            print(f"  development: {judged(teacher, held_out)}", flush=True)
            teacher.load_state_dict(now)
            torch.save(average, path)
    torch.save(average, path)


@torch.no_grad()
def answered(teacher: Teacher, heard: Heard, told: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of the expressions, (texts, 53)."""
    teacher.eval()
    order = np.argsort(heard.lengths(), kind="stable")
    found = np.zeros((len(order), EXPRESSED.stop), np.float32)
    for begin in range(0, len(order), 64):
        some = order[begin : begin + 64]
        with halved():
            shown, _ = teacher(*heard.some(some), torch.from_numpy(told[some]))
        found[some] = torch.sigmoid(shown.float()).numpy()
    return found


def judged(teacher: Teacher, held_out: Heard) -> str:
    """How it agrees with raters of held-out texts, of whose labels nothing is told."""
    found = answered(teacher, held_out, np.zeros_like(held_out.told))
    return agreement(found, held_out.source.measures[:, EXPRESSED])


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--tokens", type=int, default=1000, help="of one batch")
    parser.add_argument("--rate", type=float, default=5e-5)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    torch.manual_seed(0)
    tokens = tokenizer(wanted.start)
    encoder = Encoder.published(wanted.start)
    (wanted.work / "lower").mkdir(parents=True, exist_ok=True)
    parts = {}
    for part in ("development", "train"):
        for source in load(wanted.data, tokens, part, wanted.longest):
            if source.name in READ and (part == "train" or source.name == "rated"):
                source = source.first(MOST.get(source.name))
                told = labels(wanted.data, source.texts)
                path = wanted.work / "lower" / f"{source.name}-{part}.npy"
                parts[source.name, part] = hear(encoder, source, told, path)
    heard = {name: parts[name, "train"] for name in READ}
    held_out = parts["rated", "development"]
    teacher = Teacher(encoder)
    path = wanted.work / "teacher.pt"
    if path.exists():
        teacher.load_state_dict(torch.load(path, weights_only=True))
    else:
        train(teacher, heard, held_out, wanted)
        teacher.load_state_dict(torch.load(path, weights_only=True))
    print(f"development: {judged(teacher, held_out)}", flush=True)
    soft = {}
    for name, one in heard.items():
        soft[name] = answered(teacher, one, one.told).astype(np.float16)
        print(name, soft[name].mean(), flush=True)
    np.savez(wanted.work / "soft.npz", **soft)


if __name__ == "__main__":
    main()
