"""Print every figure of the card, from the shipped network.

    python -m training.voice.evaluate --data DATA --work WORK [--model voice.onnx] [--development]

WORK is filled by `training.voice.data`. EmoGator's speakers 241 to 300 are reported on and had no
part in training or in any choice; EMO-DB's figures are of heads that had not heard the speaker.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, f1_score

from mien.labels import EXPRESSIONS
from training.semantics.shares import ON_THE_LIST, explained, ratings
from training.voice.data import DEVELOPMENT, EMODB, EMOGATOR, RATE, TEST, Clips, load

Floats = NDArray[np.float64]
SHIPPED = Path(__file__).parents[2] / "src" / "mien" / "weights" / "voice.onnx"


def session_of(model: Path, threads: int = 0) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def outputs(
    session: onnxruntime.InferenceSession, clips: Clips, indices: NDArray[np.int64], *names: str
) -> list[Floats]:
    """The named outputs for some recordings, in the order given."""
    found: list[list[Floats]] = [[] for _ in names]
    for index in indices:
        sound = clips[index]
        given = {"sound": sound[None], "lengths": np.array([len(sound)])}
        for rows, row in zip(found, session.run(list(names), given), strict=True):
            rows.append(row[0])
    return [np.array(rows) for rows in found]


def by_speaker(
    speakers: NDArray[np.int64], rng: np.random.Generator, times: int = 1000
) -> Iterator[NDArray[np.int64]]:
    """Bootstrap: recordings of speakers drawn with replacement."""
    rows = {speaker: np.flatnonzero(speakers == speaker) for speaker in np.unique(speakers)}
    for _ in range(times):
        yield np.concatenate([rows[speaker] for speaker in rng.choice(list(rows), len(rows))])


def bursts(session: onnxruntime.InferenceSession, work: Path, speakers: range) -> None:
    clips = load(work, "emogator")
    indices = clips.of(speakers)
    intended, prosody, is_speech = outputs(session, clips, indices, "intended", "prosody", "speech")
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


def speech(session: onnxruntime.InferenceSession, work: Path) -> None:
    from training.voice.export import embedded, leave_one_speaker_out  # need torch; the rest does not

    def embed(sound: NDArray[np.float32]) -> Floats:
        given = {"sound": sound[None], "lengths": np.array([len(sound)])}
        found: Floats = session.run(["embedding"], given)[0][0]
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
    prosody, is_speech = outputs(session, acted, np.arange(len(acted)), "prosody", "speech")
    plainly, reading = outputs(session, plain, np.arange(len(plain)), "prosody", "speech")
    print("\nThe shipped scores (their heads have heard EMO-DB): the five highest on average")
    for k, name in enumerate(EMODB.values()):
        print(f"  {name:22} {_highest(prosody[acted.labels == k].mean(0))}")
    print(f"  {'read speech, English':22} {_highest(plainly.mean(0))}")
    top, total = np.median(plainly.max(1)), np.median(plainly.sum(1))
    print(f"  read speech: median of the highest score {top:.2f}, of the sum of all {total:.2f}")
    print(f"  taken for speech: EMO-DB {is_speech.mean():.2f}, read speech {reading.mean():.2f}")


def mixed(data: Path) -> None:
    print("\nNames that are mixed: correlation with their share on rated texts and faces held out")
    trained = [name for name in dict.fromkeys([*EMOGATOR, *EMODB.values()]) if name != "Neutral"]
    found = explained(ratings(data), trained)
    print("  " + ", ".join(f"{name} {value:.2f}" for name, value in found.items()))
    print(f"  mean {np.mean(list(found.values())):.2f}")


def speed(model: Path) -> None:
    print("\nSpeed on one thread, median of 20")
    session = session_of(model, threads=1)
    rng = np.random.default_rng(0)
    for count, seconds in ((1, 1), (1, 4), (16, 4), (1, 20)):
        sound = rng.standard_normal((count, seconds * RATE)).astype(np.float32)
        given = {"sound": sound, "lengths": np.full(count, seconds * RATE)}
        times = []
        for _ in range(21):
            begin = time.perf_counter()
            session.run(["prosody"], given)
            times.append(time.perf_counter() - begin)
        took = float(np.median(times[1:]))
        print(f"  {count:2} × {seconds:2} s: {took * 1000:6.1f} ms, {count * seconds / took:.0f} × real time")


def _highest(scores: Floats) -> str:
    return ", ".join(f"{EXPRESSIONS[j]} {scores[j]:.2f}" for j in np.argsort(-scores)[:5])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument(
        "--development", action="store_true", help="the speakers to choose by, not those to report on"
    )
    wanted = parser.parse_args()
    session = session_of(wanted.model)
    bursts(session, wanted.work, DEVELOPMENT if wanted.development else TEST)
    speech(session, wanted.work)
    mixed(wanted.data)
    speed(wanted.model)


if __name__ == "__main__":
    main()
