"""The language network: an encoder of words, and what is read from it.

The encoder is BERT as published (MiniLM, 6 layers of 384), or MPNet for the teacher: both by their
weights in safetensors, without the libraries they came with. One thing is added: the encoders know no
capitals, so that each token is also told the shape of its word.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from mien.engines.textnet import TAGS, TOXIC
from training.language.data import GOEMOTIONS, XED

SHAPES = 6
"""Shapes of a word, as `mien.engines.textnet` tells them."""

MEASURES = TOXIC.stop
"""What is measured of a passage, and of a word: logits side by side."""


class Read(NamedTuple):
    """Logits of some texts."""

    passages: Tensor  # (texts, MEASURES)
    aside: Tensor  # (texts, GOEMOTIONS + XED): what other sources label, to learn from and to report
    tokens: Tensor  # (texts, tokens, MEASURES)
    tags: Tensor  # (texts, tokens, TAGS)


@dataclass(frozen=True, slots=True)
class Form:
    """What an encoder is like."""

    layers: int
    width: int
    heads: int
    inner: int
    words: int
    positions: int
    epsilon: float
    relative: bool
    """Whether it is MPNet: distances between tokens count, and positions begin at 2."""

    @classmethod
    def of(cls, folder: Path) -> "Form":
        said = json.loads((folder / "config.json").read_text("utf-8"))
        return cls(
            layers=said["num_hidden_layers"],
            width=said["hidden_size"],
            heads=said["num_attention_heads"],
            inner=said["intermediate_size"],
            words=said["vocab_size"],
            positions=said["max_position_embeddings"],
            epsilon=said["layer_norm_eps"],
            relative=said["model_type"] == "mpnet",
        )


class Layer(nn.Module):
    """Attention and a wider layer, each normed after it is added."""

    def __init__(self, form: Form, dropout: float) -> None:
        super().__init__()
        self.heads = form.heads
        self.dropout = dropout
        self.look = nn.Linear(form.width, 3 * form.width)
        self.seen = nn.Linear(form.width, form.width)
        self.norm = nn.LayerNorm(form.width, form.epsilon)
        self.widen = nn.Linear(form.width, form.inner)
        self.narrow = nn.Linear(form.inner, form.width)
        self.normed = nn.LayerNorm(form.width, form.epsilon)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        texts, tokens, width = states.shape
        parts = self.look(states).view(texts, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        drop = self.dropout if self.training else 0.0
        seen = functional.scaled_dot_product_attention(query, key, value, mask.to(query.dtype), drop)
        seen = self.seen(seen.transpose(1, 2).reshape(texts, tokens, width))
        states = self.norm(states + functional.dropout(seen, drop))
        wide = self.narrow(functional.gelu(self.widen(states)))
        out: Tensor = self.normed(states + functional.dropout(wide, drop))
        return out


class Encoder(nn.Module):
    """States of tokens, (texts, tokens, width)."""

    def __init__(self, form: Form, dropout: float = 0.1) -> None:
        super().__init__()
        self.form = form
        self.words = nn.Embedding(form.words, form.width)
        self.positions = nn.Embedding(form.positions, form.width)
        self.shapes = nn.Embedding(SHAPES, form.width)
        nn.init.zeros_(self.shapes.weight)
        self.norm = nn.LayerNorm(form.width, form.epsilon)
        self.layers = nn.ModuleList(Layer(form, dropout) for _ in range(form.layers))
        self.distances = nn.Embedding(32, form.heads) if form.relative else None
        self.dropout = dropout

    def forward(self, ids: Tensor, mask: Tensor, shapes: Tensor) -> Tensor:
        return self.below(self.form.layers, ids, mask, shapes)

    def below(self, layers: int, ids: Tensor, mask: Tensor, shapes: Tensor) -> Tensor:
        """States after so many layers."""
        places = torch.arange(ids.shape[1], device=ids.device)
        states = (
            self.words(ids) + self.positions(places + (2 if self.form.relative else 0)) + self.shapes(shapes)
        )
        states = functional.dropout(self.norm(states), self.dropout, self.training)
        bias = torch.where(mask[:, None, None, :] > 0, 0.0, -1e4)
        if self.distances is not None:
            bias = bias + places_apart(self.distances, ids.shape[1])
        for layer in self.layers[:layers]:
            states = layer(states, bias)
        return states

    @classmethod
    def published(cls, folder: Path) -> "Encoder":
        """With the weights of a folder as sentence-transformers publishes it."""
        form = Form.of(folder)
        encoder = cls(form)
        theirs = load_file(folder / "model.safetensors")
        attention = ("attention.attn.", "qkv", "o", "attention.LayerNorm")
        if not form.relative:
            attention = ("attention.self.", "query key value", "", "attention.output.LayerNorm")
        names = attention[1].split() if " " in attention[1] else list(attention[1])
        ours = {
            "words.weight": theirs["embeddings.word_embeddings.weight"],
            "positions.weight": theirs["embeddings.position_embeddings.weight"],
            "shapes.weight": torch.zeros(SHAPES, form.width),
        }
        if not form.relative:  # all that is read is of BERT's first kind of sentence
            ours["shapes.weight"] = theirs["embeddings.token_type_embeddings.weight"][:1].repeat(SHAPES, 1)
        if form.relative:
            ours["distances.weight"] = theirs["encoder.relative_attention_bias.weight"]
        for kind in ("weight", "bias"):
            ours[f"norm.{kind}"] = theirs[f"embeddings.LayerNorm.{kind}"]
            for i in range(form.layers):
                layer, mine = f"encoder.layer.{i}.", f"layers.{i}."
                look = [theirs[f"{layer}{attention[0]}{name}.{kind}"] for name in names]
                ours[f"{mine}look.{kind}"] = torch.cat(look)
                seen = f"{attention[0]}o" if form.relative else "attention.output.dense"
                ours[f"{mine}seen.{kind}"] = theirs[f"{layer}{seen}.{kind}"]
                ours[f"{mine}norm.{kind}"] = theirs[f"{layer}{attention[3]}.{kind}"]
                ours[f"{mine}widen.{kind}"] = theirs[f"{layer}intermediate.dense.{kind}"]
                ours[f"{mine}narrow.{kind}"] = theirs[f"{layer}output.dense.{kind}"]
                ours[f"{mine}normed.{kind}"] = theirs[f"{layer}output.LayerNorm.{kind}"]
        encoder.load_state_dict(ours)
        return encoder


class Network(nn.Module):
    """The encoder with its readers. A passage is what its words say on average, and what the whole adds."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        width = encoder.form.width
        self.encoder = encoder
        # published encoders give small numbers, from which readers would learn slowly
        self.ready = nn.LayerNorm(width)
        self.mixed = nn.Sequential(nn.Dropout(0.1), nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(0.1))
        self.passages = nn.Linear(width, MEASURES)
        self.aside = nn.Linear(width, GOEMOTIONS + XED)
        self.tokens = nn.Linear(width, MEASURES)
        self.tags = nn.Sequential(nn.Dropout(0.1), nn.Linear(width, len(TAGS)))

    def forward(self, ids: Tensor, mask: Tensor, shapes: Tensor) -> Read:
        states = self.ready(self.encoder(ids, mask, shapes))
        counted = mask[:, :, None].to(states.dtype)
        mean = (states * counted).sum(1) / counted.sum(1)
        mixed = self.mixed(torch.cat([states[:, 0], mean], 1))
        tokens = self.tokens(states)
        words = (tokens * counted).sum(1) / counted.sum(1)
        return Read(words + self.passages(mixed), self.aside(mixed), tokens, self.tags(states))


def places_apart(distances: nn.Embedding, tokens: int) -> Tensor:
    """(1, heads, tokens, tokens): what the distance between two tokens adds to how they look at each other."""
    bias: Tensor = distances(_buckets(torch.arange(tokens))).permute(2, 0, 1)[None]
    return bias


def _buckets(places: Tensor) -> Tensor:
    """(tokens, tokens): which distance each pair is at, as in T5 and MPNet: near ones one by one, far
    ones by logarithm up to 128, before and after apart."""
    apart = places[:, None] - places[None, :]
    near, far = 8, apart.abs()
    logs = (
        near + (torch.log(far.clamp(min=1) / near) / torch.log(torch.tensor(128 / near)) * (16 - near)).long()
    )
    return (apart < 0).long() * 16 + torch.where(far < near, far, logs.clamp(max=15))
