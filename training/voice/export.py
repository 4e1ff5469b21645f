"""Fit the heads on the trained encoder and write the network that mien ships.

    python -m training.voice.export --work WORK --data DATA --out voice.onnx

The graph takes `sound` float32 (batch, samples) at 16 kHz and `lengths` int64 (batch,), the real
length of each piece in samples. It gives `prosody` float32 (batch, 48), and for evaluation and
further training `intended` (batch, 30), `spoken` (batch, 7) and `embedding` (batch, 768).
"""

import argparse
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from training.semantics.shares import ratings, shares
from training.voice.data import DEVELOPMENT, EMODB, EMOGATOR, Clips, load
from training.voice.network import Classifier, LogMel
from training.voice.train import batch, logits_of

Floats = NDArray[np.float64]

IN_BOTH = {
    "Anger": "Anger",
    "Disgust": "Disgust",
    "Fear": "Fear",
    "Elation": "Happiness",
    "Sadness": "Sadness",
    "Neutral": "Neutral",
}
"""Expressions that both EmoGator's and EMO-DB's speakers were asked for."""

BURST_SHARE = 0.5
"""How much what was learned from bursts counts in speech: it knows 30 expressions, but not speech;
the other head knows speech, but 7 expressions. Neither has a claim over the other."""


class Prosody(nn.Module):
    """Samples to shares of raters. See the module's text for shapes."""

    def __init__(
        self, trained: Classifier, spoken: nn.Linear, warmth: float, mixing: Floats, mixing_spoken: Floats
    ) -> None:
        super().__init__()
        self.front, self.encoder, self.intended = LogMel(), trained.encoder, trained.head
        self.spoken, self.warmth = spoken, warmth
        self.register_buffer("mixing", torch.tensor(mixing, dtype=torch.float32))
        self.register_buffer("mixing_spoken", torch.tensor(mixing_spoken, dtype=torch.float32))

    def forward(self, sound: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        embedding = self.encoder(*self.front(sound, lengths))
        intended = self.intended(embedding)
        spoken = torch.softmax(self.spoken(embedding), 1)
        from_bursts = torch.softmax(intended / self.warmth, 1) @ cast("Tensor", self.mixing)
        from_speech = spoken @ cast("Tensor", self.mixing_spoken)
        prosody = BURST_SHARE * from_bursts + (1 - BURST_SHARE) * from_speech
        return prosody, torch.softmax(intended, 1), spoken, embedding


def spoken_head(
    embeddings: Floats, labels: NDArray[np.int64], speakers: NDArray[np.int64], plain: Floats
) -> Pipeline:
    """A head over EMO-DB's expressions; plain read speech counts as neutral, as much as all of EMO-DB's."""
    neutral = list(EMODB.values()).index("Neutral")
    x = np.concatenate([embeddings, plain])
    y = np.concatenate([labels, np.full(len(plain), neutral)])
    group = np.concatenate([speakers, 1000 + np.arange(len(plain)) % 10])
    weight = np.ones(len(y))
    weight[len(labels) :] = (labels == neutral).sum() / len(plain)
    folds = list(GroupKFold(5).split(x, y, group))
    chosen = LogisticRegressionCV(
        Cs=np.logspace(-4, 0, 9),
        cv=folds,
        scoring="neg_log_loss",
        max_iter=2000,
        l1_ratios=(0,),
        use_legacy_attributes=False,
    )
    head = make_pipeline(StandardScaler(), chosen)
    head.fit(x, y, logisticregressioncv__sample_weight=weight)
    return head


def leave_one_speaker_out(
    embeddings: Floats, labels: NDArray[np.int64], speakers: NDArray[np.int64], plain: Floats
) -> Floats:
    """(recordings, 7) logits, each from a head that has not heard its speaker."""
    found = np.zeros((len(labels), len(EMODB)))
    for speaker in np.unique(speakers):
        held_out = speakers == speaker
        head = spoken_head(embeddings[~held_out], labels[~held_out], speakers[~held_out], plain)
        found[held_out] = head.decision_function(embeddings[held_out])
    return found


def temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """By which logits must be divided so that their softmax is right as often as it says."""
    rows = np.arange(len(labels))

    def surprise(warmth: float) -> float:
        return float(-log_softmax(logits / warmth, axis=1)[rows, labels].mean())

    return float(minimize_scalar(surprise, bounds=(0.2, 10), method="bounded").x)


def embedded(network: Classifier, clips: Clips) -> Floats:
    """(recordings, 768)"""
    network.eval()
    with torch.no_grad():
        rows = [network.encoder(*batch(clips, np.array([i]), None))[0].numpy() for i in range(len(clips))]
    return np.array(rows, np.float64)


def _linear(head: Pipeline, warmth: float) -> nn.Linear:
    """The pipeline of scaling and regression as one layer."""
    scaler, regression = head[0], head[-1]
    weight = regression.coef_ / scaler.scale_ / warmth
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.copy_(torch.tensor(regression.intercept_ / warmth - weight @ scaler.mean_))
    return layer


def _calibrated(network: Classifier, clips: Clips) -> float:
    """Make the burst head's softmax right on the development speakers; the temperature it took."""
    indices = clips.of(DEVELOPMENT)
    warmth = temperature(logits_of(network, clips, indices).numpy(), clips.labels[indices])
    with torch.no_grad():
        network.head.weight.div_(warmth)
        network.head.bias.div_(warmth)
    return warmth


def _in_both(logits: Floats, labels: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """The burst head's logits of the expressions that EMO-DB has too, and which of them was meant."""
    columns = [EMOGATOR.index(name) for name in IN_BOTH]
    places = {list(EMODB.values()).index(name): k for k, name in enumerate(IN_BOTH.values())}
    rows = [i for i, label in enumerate(labels) if label in places]
    return logits[np.ix_(rows, columns)], np.array([places[labels[i]] for i in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="encoder", help="of the checkpoint in WORK")
    wanted = parser.parse_args()
    network = Classifier(len(EMOGATOR))
    network.load_state_dict(torch.load(wanted.work / f"{wanted.name}.pt", weights_only=True)["average"])
    print(f"bursts: temperature {_calibrated(network, load(wanted.work, 'emogator')):.2f}")

    speech, plain = load(wanted.work, "emodb"), load(wanted.work, "librispeech")
    embeddings, read = embedded(network, speech), embedded(network, plain)
    held_out = leave_one_speaker_out(embeddings, speech.labels, speech.speakers, read)
    spoken_warmth = temperature(held_out, speech.labels)
    spoken = _linear(spoken_head(embeddings, speech.labels, speech.speakers, read), spoken_warmth)
    with torch.no_grad():
        intended = network.head(torch.tensor(embeddings, dtype=torch.float32)).numpy()
    logits, labels = _in_both(intended.astype(np.float64), speech.labels)
    warmth = max(1.0, temperature(logits, labels))
    print(f"speech: temperature {spoken_warmth:.2f}; of the burst head on speech {warmth:.2f},")
    print(f"  where it is right {np.mean(logits.argmax(1) == labels):.2f} of the time among {len(IN_BOTH)}")

    rated = ratings(wanted.data)
    mixing, mixing_spoken = shares(rated, EMOGATOR), shares(rated, list(EMODB.values()))
    write(Prosody(network, spoken, warmth, mixing, mixing_spoken).eval(), wanted.out)


def write(network: Prosody, out: Path) -> None:
    example = torch.randn(2, 16_000), torch.tensor([16_000, 9_000])
    dynamic = {"sound": {0: "batch", 1: "samples"}, "lengths": {0: "batch"}}
    outputs = ["prosody", "intended", "spoken", "embedding"]
    torch.onnx.export(
        network,
        example,
        str(out),
        input_names=["sound", "lengths"],
        output_names=outputs,
        dynamic_axes=dynamic | {name: {0: "batch"} for name in outputs},
        opset_version=17,
        dynamo=False,
    )
    print(
        f"{out}: {out.stat().st_size / 1e6:.1f} MB, {sum(p.numel() for p in network.parameters()) / 1e6:.1f} M parameters"
    )


if __name__ == "__main__":
    main()
