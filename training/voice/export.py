"""Fit the heads on the trained encoder and write the networks that mien ships.

    python -m training.voice.export --work WORK --classes yamnet_class_map.csv --out voice.onnx

`voice.onnx` takes `sound` float32 (batch, samples) at 16 kHz and `lengths` int64 (batch,), the real
length of each sound in samples. It gives `heard` float32 (batch, rows, 462), a row every 0.16 s: 384
features, 75 sums that tell how pitch and level go, and how likely that is speech, a burst, or neither (in
the order of `scenes`).

`voice.heads.onnx` takes `heard` float32 (pieces, rows, 462) and `rows` int64 (pieces,). It gives
`descriptions` float32 (pieces, 67), `intended` (30), `spoken` (7), `speech` (1) and `embedding` (830); `mixing`
adds the two that everything is for, `prosody` and `expressions`.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegressionCV, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from mien.labels import BURST_DESCRIPTIONS
from training.halves import halve
from training.integers import Feed, in_integers
from training.voice.augment import sound_changed, taken
from training.voice.data import DEVELOPMENT, EMODB, EMOGATOR, TRAIN, Clips, load
from training.voice.descriptions import SPREAD, USUAL, forms, kinds_of_sound, targets
from training.voice.detector import ACTORS, learned, readers
from training.voice.network import Classifier, Contours, Encoder, Kinds, LogMel, heard_of, normalised
from training.voice.train import TAUGHT, bands_of

Floats = NDArray[np.float64]

HEARD = Encoder.SIZE + Contours.SIZE + 3
"""Columns of what is heard."""

SHOWN = 40
"""Recordings of each kind that are shown to the encoder before its products become integers."""

COPIES = 2
"""Changed copies of each spoken recording that the heads learn from beside it."""

COPY_WEIGHT = 0.1
"""How much a changed copy counts beside the recording itself."""

PLAIN_WEIGHT = 0.25
"""How much all of the plain read speech counts beside EMO-DB's neutral sentences: enough to know that a
microphone and a language are no feeling; more, and whatever is English would be neutral."""

HIGHEST = 2.2
"""Logit above which no description goes, .9: what is far from usual, as laughter is, would be 1 by ten names."""

SOME_BURSTS, MORE_BURSTS = 600, 6000
"""Recordings of bursts from which speech is told, and from which descriptions are learned."""


class Ears(nn.Module):
    """Samples to what is heard of them. See the module's text for shapes."""

    def __init__(self, encoder: Encoder, kinds: Kinds) -> None:
        super().__init__()
        self.front, self.encoder, self.contours, self.kinds = LogMel(), encoder, Contours(), kinds

    def forward(self, sound: Tensor, lengths: Tensor) -> Tensor:
        bands, heard, contours, frames = heard_of(self.front, self.encoder, self.contours, sound, lengths)
        kinds = torch.softmax(self.kinds(bands, heard, contours, frames), 1)
        rows = torch.cat([heard, contours, kinds], 1).transpose(1, 2)
        return rows.reshape(sound.shape[0], -1, HEARD)  # so that the graph says how wide it is


class Heads(nn.Module):
    """What is heard of a piece to what it is likely meant as and sounds like. See the module's text for shapes."""

    def __init__(
        self,
        trained: Classifier,
        spoken: nn.Linear,
        is_speech: nn.Linear,
        described: nn.Linear,
    ) -> None:
        super().__init__()
        self.pool, self.intended = trained.pool, trained.head
        self.spoken, self.is_speech, self.described = spoken, is_speech, described

    def forward(self, heard: Tensor, rows: Tensor) -> tuple[Tensor, ...]:
        heard = heard.transpose(1, 2)
        pooled = self.pool(heard[:, : Encoder.SIZE], rows)
        contours = Contours.summary(heard[:, Encoder.SIZE : Encoder.SIZE + Contours.SIZE], rows)
        embedding = torch.cat([pooled, contours], 1)
        intended = torch.softmax(self.intended(pooled), 1)
        spoken = torch.softmax(self.spoken(embedding), 1)
        speech = torch.sigmoid(self.is_speech(embedding))
        descriptions = torch.sigmoid(HIGHEST * torch.tanh(self.described(pooled) / HIGHEST))
        return descriptions, intended, spoken, speech, embedding


@dataclass(frozen=True, slots=True)
class Embedded:
    """Recordings as they are heard: (recordings, 830), and who meant what."""

    clean: Floats
    changed: Floats
    """(COPIES, recordings, 830): the same, in part, faster or slower, in noise and rooms"""
    labels: NDArray[np.int64]
    speakers: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> "Embedded":
        return Embedded(self.clean[rows], self.changed[:, rows], self.labels[rows], self.speakers[rows])

    def all(self) -> Floats:
        return np.concatenate([self.clean, *self.changed])


def spoken_head(acted: Embedded, plain: Embedded) -> Pipeline:
    """A head over EMO-DB's expressions, each as likely as another; plain read speech counts as neutral."""
    neutral = list(EMODB.values()).index("Neutral")
    x = np.concatenate([acted.all(), plain.all()])
    times = COPIES + 1
    y = np.concatenate([np.tile(acted.labels, times), np.full(len(plain.labels) * times, neutral)])
    group = np.concatenate([np.tile(acted.speakers, times), np.tile(10_000 + plain.speakers % 10, times)])
    each = len(acted.labels) / (len(EMODB) * np.bincount(acted.labels, minlength=len(EMODB)))
    weights = (
        each[acted.labels],
        np.full(len(plain.labels), PLAIN_WEIGHT * len(acted.labels) / len(EMODB) / len(plain.labels)),
    )
    copies = np.array([1.0, *[COPY_WEIGHT] * COPIES])
    weight = np.concatenate([np.outer(copies, one).ravel() for one in weights])
    return _regression(x, y, weight, group)


def leave_one_speaker_out(acted: Embedded, plain: Embedded) -> Floats:
    """(recordings, 7) logits of EMO-DB, each from a head that has not heard its speaker."""
    found = np.zeros((len(acted.labels), len(EMODB)))
    for speaker in np.unique(acted.speakers):
        held_out = acted.speakers == speaker
        head = spoken_head(acted.of(~held_out), plain)
        found[held_out] = head.decision_function(acted.clean[held_out])
    return found


def speech_head(acted: Embedded, plain: Embedded, bursts: Embedded) -> Pipeline:
    """Tells speech from bursts."""
    x = np.concatenate([acted.all(), plain.all(), bursts.all()])
    counts = [len(one.labels) * (COPIES + 1) for one in (acted, plain, bursts)]
    y = np.repeat([1, 1, 0], counts)
    weight = np.repeat([1 / counts[0], 1 / counts[1], 2 / counts[2]], counts) * len(y)
    speakers = [np.tile(one.speakers, COPIES + 1) for one in (acted, plain, bursts)]
    return _regression(x, y, weight, np.concatenate(speakers))


def _regression(x: Floats, y: NDArray[np.int64], weight: Floats, group: NDArray[np.int64]) -> Pipeline:
    """Logistic regression whose strength is chosen between speakers."""
    scaler = StandardScaler().fit(x)
    folds = list(GroupKFold(3).split(x, y, group))
    chosen = LogisticRegressionCV(
        Cs=np.logspace(-4, -1, 4),
        cv=folds,
        scoring="neg_log_loss",
        max_iter=200,
        tol=1e-3,
        l1_ratios=(0,),
        use_legacy_attributes=False,
    )
    return Pipeline(
        [("scale", scaler), ("regress", chosen.fit(scaler.transform(x), y, sample_weight=weight))]
    )


def temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """By which logits must be divided so that their softmax is right as often as it says."""
    rows = np.arange(len(labels))

    def surprise(warmth: float) -> float:
        return float(-log_softmax(logits / warmth, axis=1)[rows, labels].mean())

    return float(minimize_scalar(surprise, bounds=(0.2, 10), method="bounded").x)


Embed: TypeAlias = Callable[[NDArray[np.float32]], Floats]
"""One recording to its embedding (830,): what the encoder makes of it, and how its contours go."""


def embedded(embed: Embed, clips: Clips, indices: NDArray[np.int64] | None = None) -> Embedded:
    """What an encoder makes of recordings, and of changed copies of them."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    indices = np.arange(len(clips)) if indices is None else indices
    clean = np.array([embed(clips[i]) for i in indices], np.float64)
    copies = [[embed(changed(clips[i], rng)) for i in indices] for _ in range(COPIES)]
    return Embedded(clean, np.array(copies, np.float64), clips.labels[indices], clips.speakers[indices])


def changed(sound: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A part of a recording, a little faster or slower, in noise or a room."""
    part = torch.from_numpy(taken(sound, rng))[None]
    return sound_changed(part, torch.tensor([part.shape[1]]), rng)[0].numpy()


def _embed(network: Classifier) -> Embed:
    front, contours = LogMel(), Contours()
    network.eval()

    @torch.no_grad()
    def embed(sound: NDArray[np.float32]) -> Floats:
        given = torch.from_numpy(sound)[None], torch.tensor([len(sound)])
        _, heard, rows, _ = heard_of(front, network.encoder, contours, *given)
        found: Floats = torch.cat([network.pool(heard), Contours.summary(rows)], 1)[0].numpy()
        return found

    return embed


def _linear(head: Pipeline, warmth: float = 1.0) -> nn.Linear:
    """The pipeline of scaling and regression as one layer."""
    scaler, regression = head[0], head[-1]
    weight = regression.coef_ / scaler.scale_ / warmth
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.copy_(torch.tensor(regression.intercept_ / warmth - weight @ scaler.mean_))
    return layer


@torch.no_grad()
def burst_embeddings(network: Classifier, bands: Tensor, frames: Tensor) -> Tensor:
    """(recordings, 768) of bands as `bands_of` gives them."""
    network.eval()
    found = []
    for some, count in zip(bands.split(256), frames.split(256), strict=True):
        inside = torch.arange(some.shape[1])[None] < count[:, None]
        given = normalised(some.float().transpose(1, 2), inside)
        found.append(network.pool(*network.encoder(given, count)))
    return torch.cat(found)


def calibrate(head: nn.Linear, embeddings: Tensor, labels: NDArray[np.int64]) -> float:
    """Make a head's softmax right as often as it says; the temperature it took."""
    with torch.no_grad():
        warmth = temperature(head(embeddings).double().numpy(), labels)
        head.weight.div_(warmth)
        head.bias.div_(warmth)
    return warmth


def described(embeddings: Floats, sources: dict[str, dict[str, Floats]]) -> nn.Linear:
    """One layer from embeddings to the logits of `BURST_DESCRIPTIONS`: of each name the sum of what the
    embedding foretells of its sources."""
    scaler = StandardScaler().fit(embeddings)
    x = scaler.transform(embeddings)
    weight, bias = np.zeros((len(BURST_DESCRIPTIONS), x.shape[1])), np.full(len(BURST_DESCRIPTIONS), USUAL)
    for j, name in enumerate(BURST_DESCRIPTIONS):
        parts = Ridge(alpha=300.0, fit_intercept=False).fit(x, np.stack(list(sources[name].values()), axis=1))
        # a source that is foretold badly varies little, and counts the less
        weight[j] = parts.coef_.sum(0) * SPREAD / parts.predict(x).sum(1).std()
    layer = nn.Linear(weight.shape[1], len(bias))
    with torch.no_grad():
        weight /= scaler.scale_
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.copy_(torch.tensor(bias - weight @ scaler.mean_))
    return layer


def shown(clips: Sequence[tuple[Clips, NDArray[np.int64]]]) -> Iterator[Feed]:
    """Some of the recordings of each that may be learned from, for the encoder to show how large its numbers get."""
    rng = np.random.default_rng(0)
    for some, rows in clips:
        for i in rng.choice(rows, SHOWN, replace=False):
            yield {"sound": some[int(i)][None], "lengths": np.array([len(some[int(i)])])}


def write(
    network: nn.Module, example: tuple[Tensor, ...], names: tuple[list[str], list[str]], out: Path
) -> None:
    """A network as a graph in which the first two dimensions of what is given may be anything."""
    given, gives = names
    dynamic = {given[0]: {0: "batch", 1: "length"}, given[1]: {0: "batch"}}
    torch.onnx.export(
        network,
        example,
        str(out),
        input_names=given,
        output_names=gives,
        dynamic_axes=dynamic
        | {name: {0: "batch", 1: "rows"} if name == "heard" else {0: "batch"} for name in gives},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--classes", type=Path, required=True, help="the names of YAMNet's classes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="encoder", help="of the checkpoint in WORK")
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    network = Classifier(len(EMOGATOR), TAUGHT)
    network.load_state_dict(torch.load(wanted.work / f"{wanted.name}.pt", weights_only=True)["average"])
    network.eval()
    clips = load(wanted.work, "emogator")
    bands, frames = bands_of(clips, wanted.work / "emogator.bands.npy")
    rng, chosen = np.random.default_rng(0), clips.of(DEVELOPMENT)
    embeddings = burst_embeddings(network, bands[chosen], frames[chosen])
    print(f"bursts: temperature {calibrate(network.head, embeddings, clips.labels[chosen]):.2f}", flush=True)

    some = np.sort(rng.choice(clips.of(TRAIN), MORE_BURSTS, replace=False))
    embeddings = burst_embeddings(network, bands[some], frames[some])
    layer = described(
        embeddings.double().numpy(),
        targets(
            np.load(wanted.work / "yamnet.npy")[some, 0].astype(np.float64),
            network.head(embeddings).detach().double().numpy(),
            forms(bands[some].numpy()),
            kinds_of_sound(wanted.classes),
        ),
    )

    embed = _embed(network)
    spoken_clips = [load(wanted.work, name) for name in ("emodb", "librispeech")]
    acted, plain = (embedded(embed, one) for one in spoken_clips)
    some = np.sort(rng.choice(clips.of(TRAIN), SOME_BURSTS, replace=False))
    is_speech = _linear(speech_head(acted, plain, embedded(embed, clips, some)))
    warmth = temperature(leave_one_speaker_out(acted, plain), acted.labels)
    spoken = _linear(spoken_head(acted, plain), warmth)
    print(f"speech: temperature {warmth:.2f}", flush=True)

    kinds = learned(network.encoder, wanted.work)
    heads = Heads(network, spoken, is_speech, layer).eval()
    example = torch.randn(2, 16_000), torch.tensor([16_000, 9_000])
    ears = Ears(network.encoder, kinds).eval()
    write(ears, example, (["sound", "lengths"], ["heard"]), wanted.out)
    acting, reading = spoken_clips
    heard_before = [(clips, clips.of(TRAIN)), (acting, acting.of(ACTORS)), (reading, readers(wanted.work)[0])]
    in_integers(wanted.out, shown(heard_before), whole="front")
    outputs = ["descriptions", "intended", "spoken", "speech", "embedding"]
    example = torch.randn(2, 9, HEARD), torch.tensor([9, 5])
    of_heads = wanted.out.with_suffix(".heads.onnx")
    write(heads, example, (["heard", "rows"], outputs), of_heads)
    halve(of_heads)
    for path, one in ((wanted.out, ears), (of_heads, heads)):
        count = sum(p.numel() for p in one.parameters()) / 1e6
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {count:.1f} M parameters")


if __name__ == "__main__":
    main()
