"""Print every figure of the card, from the shipped networks, called as mien calls them.

    python -m training.voice.evaluate --data DATA --work WORK [--classes yamnet_class_map.csv] [--model voice.onnx] [--development]

WORK is filled by `training.voice.data` and `training.voice.teacher`. EmoGator's speakers 241 to 300 are
reported on and had no part in training or in any choice; EMO-DB's figures are of heads that had not heard
the speaker; plain speech and scenes are by readers that no network has heard.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, f1_score

from mien.engines.voicenet import VoiceNet
from mien.labels import BURST_DESCRIPTIONS, EXPRESSIONS
from mien.segments.hearing import hearing
from mien.types import Heard
from training.semantics.shares import ON_THE_LIST, explained, ratings
from training.voice.data import DEVELOPMENT, EMODB, EMOGATOR, RATE, TEST, Clips, load
from training.voice.descriptions import forms, kinds_of_sound, targets
from training.voice.detector import ACTORS, event_f1, readers, trials
from training.voice.scenes import Scene, telephone
from training.voice.train import bands_of

Floats = NDArray[np.float64]
SHIPPED = Path(__file__).parents[2] / "src" / "mien" / "weights" / "voice.onnx"

CALLS = (
    (("Sigh", "Phew", "Whew"), ("Relief", "Tiredness")),
    (("Laugh", "Haha", "Giggle", "Chuckle", "Hehe", "Cackle"), ("Amusement", "Joy")),
    (("Cry", "Sob", "Whimper"), ("Sadness", "Distress")),
    (("Scream", "Shriek", "Eek"), ("Fear", "Horror")),
    (("Hmm", "Mhm"), ("Contemplation", "Interest")),
)
"""Kinds of burst, and what a listener would take each for."""

SCENES, SECONDS = 120, 30.0
"""Scenes in which bursts are looked for: an hour."""


class Networks:
    """The shipped networks, and all that the second can say."""

    def __init__(self, ears: Path, threads: int = 0) -> None:
        heads = ears.with_suffix(".heads.onnx")
        self.voice = VoiceNet(ears, heads, threads)
        self._heads = onnxruntime.InferenceSession(str(heads), providers=["CPUExecutionProvider"])

    def hear(self, clips: Clips, indices: NDArray[np.int64]) -> list[Heard]:
        return [self.voice.hear([clips[int(i)]])[0] for i in indices]

    def outputs(self, pieces: Sequence[Heard], *names: str) -> list[Floats]:
        """The named outputs, in the order given."""
        found: list[list[Floats]] = [[] for _ in names]
        for piece in pieces:
            given = {"heard": piece[None].astype(np.float32), "rows": np.array([len(piece)])}
            for rows, row in zip(found, self._heads.run(list(names), given), strict=True):
                rows.append(row[0])
        return [np.array(rows) for rows in found]


def by_speaker(
    speakers: NDArray[np.int64], rng: np.random.Generator, times: int = 1000
) -> Iterator[NDArray[np.int64]]:
    """Bootstrap: recordings of speakers drawn with replacement."""
    rows = {speaker: np.flatnonzero(speakers == speaker) for speaker in np.unique(speakers)}
    for _ in range(times):
        yield np.concatenate([rows[speaker] for speaker in rng.choice(list(rows), len(rows))])


def bursts(networks: Networks, work: Path, speakers: range, classes: Path | None) -> None:
    clips = load(work, "emogator")
    indices = clips.of(speakers)
    heard = networks.hear(clips, indices)
    names = "intended", "expressions", "speech", "descriptions"
    intended, prosody, is_speech, described = networks.outputs(heard, *names)
    labels, persons = clips.labels[indices], clips.speakers[indices]
    rank = (intended > intended[np.arange(len(labels)), labels][:, None]).sum(1)
    draws = list(by_speaker(persons, np.random.default_rng(0)))
    print(
        f"\nEmoGator, {len(np.unique(persons))} unseen speakers, {len(labels)} clips, 30 intended expressions"
    )
    for name, hit in (("top-1", rank < 1), ("top-5", rank < 5)):
        low, high = np.percentile([hit[draw].mean() for draw in draws], [2.5, 97.5])
        print(f"  {name} {hit.mean():.3f} [{low:.3f}, {high:.3f}]")
    print(f"  macro-F1 {f1_score(labels, intended.argmax(1), average='macro'):.3f}")
    print(f"  taken for speech {is_speech.mean():.2f}")
    print("  how often the expression with probability p was the intended one:")
    edges = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.01]
    right = np.eye(len(EMOGATOR))[labels]
    for low, high in pairwise(edges):
        inside = (intended >= low) & (intended < high)
        if inside.any():
            print(
                f"    p {low:4.2f}–{min(high, 1):4.2f}: mean {intended[inside].mean():.3f}, right {right[inside].mean():.3f}, {inside.sum()} cases"
            )
    print("  correlation of a name's score with that it was intended [95 %]")
    means = []
    for name in EXPRESSIONS:
        meant = [k for k, intent in enumerate(EMOGATOR) if name in ON_THE_LIST.get(intent, (intent,))]
        if not meant:
            continue
        truth, score = np.isin(labels, meant).astype(float), prosody[:, EXPRESSIONS.index(name)]
        low, high = np.percentile([np.corrcoef(score[d], truth[d])[0, 1] for d in draws[:200]], [2.5, 97.5])
        means.append(np.corrcoef(score, truth)[0, 1])
        print(f"    {name:22} {means[-1]:.2f} [{low:.2f}, {high:.2f}]")
    print(f"    mean over {len(means)} names {np.mean(means):.3f}")
    itself = [np.corrcoef(intended[:, k], labels == k)[0, 1] for k in range(len(EMOGATOR))]
    print(f"    of the probability that it was intended, before it becomes shares: {np.mean(itself):.3f}")
    first, names = np.array(BURST_DESCRIPTIONS)[described.argmax(1)], np.array(EXPRESSIONS)
    for calls, expressed in CALLS:
        found = np.isin(names[np.argsort(-prosody[np.isin(first, calls)], axis=1)[:, :3]], expressed)
        print(
            f"  {len(found)} bursts described as {', '.join(calls)} before all: {' or '.join(expressed)} comes first"
            f" in {found[:, 0].mean():.2f}, is among the first three in {found.any(axis=1).mean():.2f}"
        )
    joy = (prosody.argmax(1) == EXPRESSIONS.index("Joy")).mean()
    print(f"  Joy comes first in {joy:.2f} of all bursts")
    if classes:
        _descriptions(described, intended, work, indices, classes)


def _descriptions(
    described: Floats, intended: Floats, work: Path, indices: NDArray[np.int64], classes: Path
) -> None:
    """How far each name follows what it rests on, for speakers that nothing was learned from."""
    bands, _ = bands_of(load(work, "emogator"), work / "emogator.bands.npy")
    teacher = np.load(work / "yamnet.npy")[indices, 0].astype(np.float64)
    meant = np.log(np.maximum(intended, 1e-6))
    sources = targets(teacher, meant, forms(bands[indices].numpy()), kinds_of_sound(classes))
    print("  descriptions: correlation of the score with each of its sources, and with all of them")
    for name, by_source in sources.items():
        score = np.log(described[:, BURST_DESCRIPTIONS.index(name)])
        rows = by_source | {"all": np.sum(list(by_source.values()), axis=0)}
        found = {source: np.corrcoef(score, row)[0, 1] for source, row in rows.items()}
        print(f"    {name:10} " + ", ".join(f"{source} {r:.2f}" for source, r in found.items()))


def speech(networks: Networks, work: Path) -> None:
    from training.voice.export import embedded, leave_one_speaker_out  # need torch; the rest does not

    def embed(sound: NDArray[np.float32]) -> Floats:
        found: Floats = networks.outputs(networks.voice.hear([sound]), "embedding")[0][0]
        return found

    acted, plain = load(work, "emodb"), load(work, "librispeech")
    heard = embedded(embed, acted)
    logits = leave_one_speaker_out(heard, embedded(embed, plain))
    print(
        f"\nEMO-DB, {len(acted)} sentences, 7 intended expressions, each by a head that had not heard the speaker"
    )
    draws = by_speaker(acted.speakers, np.random.default_rng(0))
    recalls = [balanced_accuracy_score(acted.labels[d], logits[d].argmax(1)) for d in draws]
    low, high = np.percentile(recalls, [2.5, 97.5])
    print(
        f"  unweighted average recall {balanced_accuracy_score(acted.labels, logits.argmax(1)):.3f} [{low:.3f}, {high:.3f}]"
    )
    for k, name in enumerate(EMODB.values()):
        print(f"    {name:10} {np.mean(logits.argmax(1)[acted.labels == k] == k):.2f}")
    whole = [networks.hear(clips, np.arange(len(clips))) for clips in (acted, plain)]
    prosody, is_speech = networks.outputs(whole[0], "prosody", "speech")
    plainly, reading = networks.outputs(whole[1], "prosody", "speech")
    print("\nThe shipped scores (their heads have heard EMO-DB): the five highest on average")
    for k, name in enumerate(EMODB.values()):
        print(f"  {name:22} {_highest(prosody[acted.labels == k].mean(0))}")
    print(f"  {'read speech, English':22} {_highest(plainly.mean(0))}")
    top, total = np.median(plainly.max(1)), np.median(plainly.sum(1))
    print(f"  read speech: median of the highest score {top:.2f}, of the sum of all {total:.2f}")
    print(f"  taken for speech: EMO-DB {is_speech.mean():.2f}, read speech {reading.mean():.2f}")


def found_bursts(networks: Networks, work: Path, development: bool) -> None:
    """Recordings are heard block by block, as a file is."""
    rng = np.random.default_rng(2)
    for things, called, told in (
        (0.0, False, "speech, noise and music"),
        (1.0, False, "these and foreground sounds that are no voice"),
        (0.0, True, "speech, noise and music, out of a telephone"),
    ):
        scenes = list(trials(work, SECONDS, SCENES, development, things))
        if called:
            scenes = [telephone(one, rng) for one in scenes]
        found = [_found(networks.voice, one.sound) for one in scenes]
        real = [[(begin / RATE, end / RATE) for begin, end in one.bursts] for one in scenes]
        precision, recall, f1 = event_f1(found, real)
        chance = np.random.default_rng(0)
        draws = [chance.integers(0, len(scenes), len(scenes)) for _ in range(500)]
        scores = [event_f1([found[i] for i in draw], [real[i] for i in draw])[2] for draw in draws]
        low, high = np.percentile(scores, [2.5, 97.5])
        print(f"\nBursts placed at random in {told}: {len(scenes)} scenes of {SECONDS:.0f} s")
        print(
            f"  {sum(map(len, real))} bursts; precision {precision:.3f}, recall {recall:.3f},"
            f" F1 {f1:.3f} [{low:.3f}, {high:.3f}] at half overlap"
        )
    plain = load(work, "librispeech")
    chosen = readers(work)[1 if development else 2]
    acted = load(work, "emodb")
    others = np.flatnonzero(~np.isin(acted.speakers, ACTORS))
    for name, clips, rows in (("read English", plain, chosen), ("EMO-DB", acted, others)):
        spoken = [Scene(clips[int(i)], [], []) for i in rows]
        minutes = sum(len(one.sound) for one in spoken) / RATE / 60
        false = sum(len(_found(networks.voice, one.sound)) for one in spoken)
        called = sum(len(_found(networks.voice, telephone(one, rng).sound)) for one in spoken)
        print(f"  plain speech, {name}: {false} bursts in {minutes:.1f} minutes; {called} out of a telephone")
    quiet = np.zeros(RATE * 600, np.float32)
    hiss = (np.random.default_rng(0).standard_normal(RATE * 600) * 0.003).astype(np.float32)
    print(
        f"  silence: {len(_found(networks.voice, quiet))}, steady noise: {len(_found(networks.voice, hiss))} in 10 minutes"
    )


def _found(voice: VoiceNet, sound: NDArray[np.float32]) -> list[tuple[float, float]]:
    heard = hearing(voice, [sound]).rows
    return [(one.begin, one.end) for one in voice.find_bursts(heard)]


def mixed(data: Path) -> None:
    print("\nNames that are mixed: correlation with their share on rated texts and faces held out")
    trained = [name for name in dict.fromkeys([*EMOGATOR, *EMODB.values()]) if name != "Neutral"]
    found = explained(ratings(data), trained)
    print("  " + ", ".join(f"{name} {value:.2f}" for name, value in found.items()))
    print(f"  mean {np.mean(list(found.values())):.2f}")


def speed(model: Path) -> None:
    print("\nSpeed on one thread: ten minutes of sound, median of 3")
    networks = Networks(model, threads=1)
    sound = np.random.default_rng(0).standard_normal(600 * RATE).astype(np.float32) * 0.1
    took = {"heard": [], "read in windows of 4 s every second": [], "searched for bursts": []}  # type: dict[str, list[float]]
    for _ in range(3):
        times = [time.perf_counter()]
        heard = hearing(networks.voice, [sound]).rows
        times.append(time.perf_counter())
        networks.voice.prosody([heard[round(k / 0.16) :][:26] for k in range(600)])
        times.append(time.perf_counter())
        networks.voice.find_bursts(heard)
        times.append(time.perf_counter())
        for name, (begin, end) in zip(took, pairwise(times), strict=True):
            took[name].append(end - begin)
    for name, seconds in took.items():
        print(f"  {name}: {np.median(seconds) * 1000:.0f} ms, {600 / np.median(seconds):.0f} x real time")


def _highest(scores: Floats) -> str:
    return ", ".join(f"{EXPRESSIONS[j]} {scores[j]:.2f}" for j in np.argsort(-scores)[:5])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--classes", type=Path, help="the names of YAMNet's classes, to report on descriptions"
    )
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument(
        "--development", action="store_true", help="the speakers to choose by, not those to report on"
    )
    wanted = parser.parse_args()
    networks = Networks(wanted.model, threads=1)
    bursts(networks, wanted.work, DEVELOPMENT if wanted.development else TEST, wanted.classes)
    speech(networks, wanted.work)
    found_bursts(networks, wanted.work, wanted.development)
    mixed(wanted.data)
    speed(wanted.model)


if __name__ == "__main__":
    main()
