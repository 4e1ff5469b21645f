"""Print every figure of the card, from the shipped network and the engine that calls it.

    python -m training.speakers.evaluate --data DATA --work WORK [--development] [--longest 60] [--draws 6]

WORK is filled by `training.voice.data`. Speakers to report on had no part in training or in any choice;
with `--development` it is those that numbers of the engine were chosen by.
"""

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mien.engines import Engines
from mien.engines.speakernet import SpeakerNet
from mien.segments.slices import slices
from mien.settings import Settings
from mien.types import SOUND_RATE, UNKNOWN, Speech, Turn
from training.speakers.data import ACTORS, TEST_OTHER, librispeech, trimmed
from training.voice.data import Clips, load

SHIPPED = Path(__file__).parents[2] / "src" / "mien" / "weights" / "speakers.onnx"
FRAME = 0.01
"""Seconds: how finely who speaks is compared."""

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording, and who speaks when in it."""

    sound: Sound
    turns: tuple[tuple[float, float, str], ...]  # begin, end, speaker

    @property
    def seconds(self) -> float:
        return len(self.sound) / SOUND_RATE


# ── whether two recordings are of one speaker


def equal_error_rate(alike: NDArray[np.floating], same: NDArray[np.bool_]) -> float:
    """Where as many pairs of one speaker are refused as pairs of two are taken for one."""
    order = np.argsort(alike)
    refused = np.cumsum(same[order]) / same.sum()
    taken = 1 - np.cumsum(~same[order]) / (~same).sum()
    place = int(np.argmin(np.abs(refused - taken)))
    return float((refused[place] + taken[place]) / 2)


def verification(net: SpeakerNet, recordings: Sequence[tuple[str, Sound]]) -> str:
    """Of all pairs of recordings."""
    whole = np.array([net.voices(sound).mean(0) for _, sound in recordings])
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    pairs = np.array(list(combinations(range(len(recordings)), 2)))
    same = np.array([recordings[a][0] == recordings[b][0] for a, b in pairs])
    alike = (whole[pairs[:, 0]] * whole[pairs[:, 1]]).sum(1)
    return (
        f"EER {equal_error_rate(alike, same):.2%} ({same.sum()} pairs of one speaker, {(~same).sum()} of two;"
        f" mean likeness {alike[same].mean():.2f}, {alike[~same].mean():.2f})"
    )


def parts(name: str, sound: Sound, seconds: float) -> Iterator[tuple[str, Sound]]:
    """A recording in parts of so many seconds."""
    size = int(seconds * SOUND_RATE)
    for begin in range(0, len(sound) - size + 1, size):
        yield name, sound[begin : begin + size]


# ── who speaks when


def conversation(pool: dict[str, list[Sound]], speakers: int, minutes: float, seed: int) -> Conversation:
    """Turns of half a second to twelve, one after the other with a pause between, of what they have recorded:
    loud and soft, on a floor of noise. Nothing is heard a second time before all of a speaker has been heard."""
    rng = np.random.default_rng(seed)
    names = [str(name) for name in rng.choice(sorted(pool), speakers, replace=False)]
    talkative = rng.dirichlet(np.full(speakers, 3.0)) + 0.3 / speakers
    loud = {name: 10 ** (rng.uniform(-5, 5) / 20) for name in names}
    said = {name: Said(pool[name], rng) for name in names}
    pieces, turns, at, last = [], [], 0, ""
    while at < minutes * 60 * SOUND_RATE:
        name = str(rng.choice(names, p=talkative / talkative.sum()))
        if name == last and speakers > 1:
            continue
        last = name
        gap = int(rng.uniform(0.1, 1.2) * SOUND_RATE)
        part = trimmed(said[name].next(int(np.clip(rng.lognormal(1.1, 0.8), 0.5, 12) * SOUND_RATE)))
        level = float(np.sqrt(np.square(part).mean())) + 1e-6
        pieces += [np.zeros(gap, np.float32), part * np.float32(0.05 / level * loud[name])]
        start = (at + gap) / SOUND_RATE
        turns += [(start + begin, start + end, name) for begin, end in loud_parts(part)]
        at += gap + len(part)
    sound = np.concatenate([*pieces, np.zeros(SOUND_RATE, np.float32)])
    floor = np.float32(0.05 * 10 ** (-rng.uniform(25, 40) / 20))
    sound += rng.standard_normal(len(sound)).astype(np.float32) * floor
    return Conversation(sound, tuple(turns))


class Said:
    """What a speaker has recorded, part by part, over and over, each time from elsewhere on."""

    def __init__(self, recordings: Sequence[Sound], rng: np.random.Generator) -> None:
        self._recordings, self._rng = recordings, rng
        self._left: list[Sound] = []

    def next(self, size: int) -> Sound:
        """The next part: `size` samples, or what is left of a recording."""
        if not self._left:
            order = self._rng.permutation(len(self._recordings))
            for k in order:
                place = int(self._rng.integers(0, len(self._recordings[k])))
                self._left += [self._recordings[k][place:], self._recordings[k][:place]]
        part, rest = self._left[0][:size], self._left[0][size:]
        self._left[:1] = [rest] if len(rest) >= SOUND_RATE // 2 else []
        return part if len(part) >= SOUND_RATE // 2 else self.next(size)


def loud_parts(sound: Sound) -> Iterator[tuple[float, float]]:
    """Where somebody speaks in a recording without noise, in seconds: readers pause within a sentence, and half a
    second of that is no speech."""
    frame = SOUND_RATE // 50
    level = np.sqrt((sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2).mean(1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-35 / 20))
    ends = np.flatnonzero(np.diff(loud) > 0.5 * 50)
    for first, last in zip([0, *(ends + 1)], [*ends, len(loud) - 1], strict=True):
        yield float(loud[first]) / 50, float(loud[last] + 1) / 50


def ami(folder: Path) -> Iterator[tuple[str, Conversation]]:
    """Half minutes of meetings."""
    told: dict[str, list[tuple[float, float, str]]] = {}
    for rttm in sorted(folder.glob("*.rttm")):
        for line in rttm.read_text(encoding="utf-8").splitlines():
            _, name, _, begin, length, _, _, speaker, *_ = line.split()
            told.setdefault(name, []).append((float(begin), float(begin) + float(length), speaker))
    for name in sorted(told):
        if (folder / f"{name}.flac").is_file():
            sound, rate = soundfile.read(folder / f"{name}.flac", dtype="float32")
            assert rate == SOUND_RATE
            yield name, Conversation(sound, tuple(told[name]))


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds of speech, and of what was wrong about it."""

    speech: float
    missed: float
    invented: float
    confused: float

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(*(getattr(self, one) + getattr(other, one) for one in self.__slots__))

    @property
    def rate(self) -> float:
        return (self.missed + self.invented + self.confused) / self.speech

    def __str__(self) -> str:
        shares = (part / self.speech for part in (self.missed, self.invented, self.confused))
        return f"DER {self.rate:.1%} (missed {{:.1%}}, invented {{:.1%}}, confused {{:.1%}})".format(*shares)


def errors(told: Conversation, found: Iterable[Turn], collar: float, overlap: bool) -> Errors:
    """Diarization error with the best assignment of names. Within `collar` seconds of where a turn begins or ends
    nothing is counted; without `overlap`, neither where several speak."""
    frames = round(told.seconds / FRAME)
    truth = _marked(told.turns, frames)
    guess = _marked([(turn.time.begin, turn.time.end, turn.person) for turn in found], frames)
    truth_table = np.array(list(truth.values()))
    guess_table = np.array([guess[one] for one in guess if one != UNKNOWN] or [np.zeros(frames, bool)])
    unknown = guess.get(UNKNOWN, np.zeros(frames, bool))
    counts = np.ones(frames, bool)
    for begin, end, _ in told.turns:
        for edge in (begin, end):
            counts[max(0, round((edge - collar) / FRAME)) : round((edge + collar) / FRAME)] = collar == 0
    if not overlap:
        counts &= truth_table.sum(0) <= 1
    shared = (truth_table[:, counts].astype(np.float32)) @ guess_table[:, counts].T.astype(np.float32)
    right = shared[linear_sum_assignment(-shared)].sum()
    said = truth_table[:, counts].sum(0)
    heard = guess_table[:, counts].sum(0) + unknown[counts]
    missed = np.maximum(0, said - heard).sum()
    invented = np.maximum(0, heard - said).sum()
    confused = np.minimum(said, heard).sum() - right
    return Errors(*(float(n) * FRAME for n in (said.sum(), missed, invented, confused)))


def _marked(turns: Iterable[tuple[float, float, str]], frames: int) -> dict[str, NDArray[np.bool_]]:
    marks: dict[str, NDArray[np.bool_]] = {}
    for begin, end, name in turns:
        marks.setdefault(name, np.zeros(frames, bool))[round(begin / FRAME) : round(end / FRAME)] = True
    return marks


class Diarized:
    """The engines as a server has them."""

    def __init__(self, net: SpeakerNet) -> None:
        self._net, self._activity = net, Engines(Settings()).voice_activity

    def stretches(self, told: Conversation) -> list[Speech]:
        chunks = np.array_split(told.sound, max(1, len(told.sound) // SOUND_RATE))
        where = list(self._activity.speech(chunks))
        return [Speech(time=time, sound=sound) for time, sound in slices(chunks, where)]

    def turns(self, told: Conversation) -> list[Turn]:
        return self._net.turns(self.stretches(told))


def pool_of(work: Path, development: bool) -> dict[str, list[Sound]]:
    """Recordings of speakers that the network has not heard."""
    read = load(work, "librispeech")
    _, choose, report = librispeech(read)
    speakers = choose if development else [*report, *TEST_OTHER]
    return {str(one): _recordings(read, one) for one in speakers}


def _recordings(clips: Clips, speaker: int) -> list[Sound]:
    return [clips[i] for i in clips.of(range(speaker, speaker + 1))]


MADE = ((1, 5), (2, 5), (3, 5), (4, 5), (5, 10), (6, 10), (7, 15), (8, 20), (4, 60), (8, 60))
"""Speakers and minutes of the made conversations."""


def wanted_conversations(development: bool, draws: int) -> Iterator[tuple[int, int, int]]:
    """Speakers, minutes and seed: to report on, or the many that numbers of the engine are chosen by; and so many
    further draws of the hardest."""
    for seed, (speakers, minutes) in enumerate(MADE):
        yield speakers, minutes, seed + 1000 * development
    if development:
        for k, minutes in enumerate((5, 10, 20, 5, 10)):
            for speakers in range(2, 9):
                yield speakers, minutes, 2000 + 100 * speakers + k
        for speakers in (2, 5, 6, 7, 8):
            yield speakers, 60, 3000 + speakers
    for k in range(draws):
        yield 8, 60, 101 + k


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--longest", type=float, default=60, help="minutes of the longest conversation")
    parser.add_argument("--draws", type=int, default=0, help="further hours of eight speakers")
    wanted = parser.parse_args()
    net = SpeakerNet(wanted.model, threads=1)
    pool = pool_of(wanted.work, wanted.development)

    print(f"Verification, LibriSpeech, {len(pool)} unseen speakers")
    if not wanted.development:
        several = [(name, one) for name in map(str, TEST_OTHER) for one in pool[name]]
        print(f"  utterances of 5 speakers (test-other): {verification(net, several)}")
    for seconds in (6.0, 4.0, 2.0):
        pieces = [part for name, some in pool.items() for part in parts(name, some[0], seconds)]
        print(f"  parts of {seconds:.0f} s of one utterance each: {verification(net, pieces)}")
    acted = load(wanted.work, "emodb")
    some = [(str(one), trimmed(sound)) for one in ACTORS for sound in _recordings(acted, one)]
    print(f"EMO-DB, 2 unseen actors, whatever they express: {verification(net, some)}")

    diarized = Diarized(net)
    print("Made conversations, no overlap")
    totals = {collar: Errors(0, 0, 0, 0) for collar in (0.25, 0.0)}
    for speakers, minutes, seed in wanted_conversations(wanted.development, wanted.draws):
        if minutes <= wanted.longest and speakers <= len(pool):
            told = conversation(pool, speakers, minutes, seed)
            begin = time.perf_counter()
            found = diarized.turns(told)
            took = time.perf_counter() - begin
            names = sorted({turn.person for turn in found})
            each = {collar: errors(told, found, collar, overlap=True) for collar in totals}
            totals = {collar: totals[collar] + each[collar] for collar in totals}
            print(
                f"  {speakers} speakers, {minutes} min: {each[0.25]}; without collar {each[0.0]};"
                f" {len([n for n in names if n != UNKNOWN])} found; {told.seconds / took:.0f} × real time",
                flush=True,
            )
    for collar, total in totals.items():
        print(f"  all, collar {collar} s: {total}")

    print("AMI, half minutes of meetings")
    for overlap in (False, True):
        total = sum(
            (
                errors(told, diarized.turns(told), 0.25, overlap)
                for _, told in ami(wanted.data / "voice" / "ami")
            ),
            Errors(0, 0, 0, 0),
        )
        print(f"  {'with' if overlap else 'without'} overlap, collar 0.25 s: {total}")


if __name__ == "__main__":
    main()
