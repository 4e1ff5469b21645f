"""The voice networks trained in `training/voice`: how something is said, and vocal bursts.

One hears: it takes `sound`, float32 (sounds, samples) at `SOUND_RATE`, and `lengths`, int64 (sounds,),
which says how many samples of each row count; it gives `heard`, float32 (sounds, rows, 462): a row every
`HEARD_STEP`, of what the encoder makes of it, of how pitch and level go, and at last of how likely it is
neither, speech, or a burst. The other, far smaller, takes `heard`, float32 (pieces, rows, 462), and `rows`,
int64 (pieces,); it gives `prosody` and `expressions` of bursts, float32 (pieces, 48) in the order of
`EXPRESSIONS`, and `descriptions`, (pieces, 67) in that of `BURST_DESCRIPTIONS`. Both give the same alone and
beside longer ones.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from mien.engines import BurstScores, cores
from mien.engines.onnx import Threads, calls, opened
from mien.errors import EngineError, EngineMissing
from mien.labels import BURST_DESCRIPTIONS, EXPRESSIONS
from mien.settings import Settings
from mien.types import HEARD_STEP, SOUND_RATE, Heard, Interval, ScoreTable, Sound
from mien.weights import network

STEP = round(HEARD_STEP * SOUND_RATE)

SHORTEST = SOUND_RATE // 10
"""Samples; a shorter sound is filled up with silence, for want of anything to hear in it."""

LARGEST = 20 * SOUND_RATE
"""Samples in one call, padding included: enough to keep the cores busy in little memory."""

LONGEST, MANY = 94, 4096
"""Rows: a longer piece, of 15 seconds, scores the mean of its equal parts, as the network learned from
seconds; and those in one call, padding included."""

BURST = -1
"""The column that says how likely a burst is."""

SURE, PEAK = 0.45, 0.9
"""How likely a burst must be as long as it lasts, and somewhere in it. These and the next were chosen on
scenes by speakers on whom nothing is reported, and on six minutes of meetings (AMI), which have three times
as many bursts where .75 is enough for the peak."""

AT_LEAST, APART = 2, 1
"""Rows that a burst lasts at least; and that may lie between two parts of one."""

PART = 3
"""Rows: the parts last at least so long in which a piece of speech is read that has bursts in it."""


class VoiceNet:
    """Hears how something is said, in any language, and bursts."""

    label = "mien voice network"

    def __init__(self, ears: Path, heads: Path, threads: int) -> None:
        self._ears, self._heads, self._threads = opened(ears), opened(heads), Threads(threads)
        # what has to be heard by itself is heard sooner by all threads at once
        self._alone = opened(ears, threads) if threads > 1 else self._ears
        self._width = _shape(self._ears, "heard", ears)
        wanted = {"prosody": len(EXPRESSIONS), "descriptions": len(BURST_DESCRIPTIONS)}
        if {name: _shape(self._heads, name, heads) for name in wanted} != wanted:
            raise EngineError(f"{heads.name} is not a voice network: its outputs have other names")

    def hear(self, sounds: Sequence[Sound]) -> list[Heard]:
        padded = [np.pad(sound, (0, max(0, SHORTEST - len(sound)))) for sound in sounds]
        found: list[Heard] = [np.empty((0, self._width), np.float16)] * len(sounds)
        together = list(calls([len(sound) for sound in padded], LARGEST))
        ears = self._ears if len(together) > 1 else self._alone
        heard = self._threads.each(partial(_called, ears), [[padded[k] for k in call] for call in together])
        for call, table in zip(together, heard, strict=True):
            for rows, k in zip(table, call, strict=True):
                found[k] = rows[: len(sounds[k]) // STEP + 1].astype(np.float16)
        return found

    def prosody(self, pieces: Sequence[Heard]) -> ScoreTable:
        (table,) = self._read([_parts(piece) for piece in pieces], {"prosody": len(EXPRESSIONS)})
        return table

    def find_bursts(self, heard: Heard) -> list[Interval]:
        return [
            Interval(max(0.0, (first - 0.5) * HEARD_STEP), (end - 0.5) * HEARD_STEP)
            for first, end in _bursts(heard)
        ]

    def bursts(self, pieces: Sequence[Heard]) -> BurstScores:
        wanted = {"expressions": len(EXPRESSIONS), "descriptions": len(BURST_DESCRIPTIONS)}
        return BurstScores(*self._read([[piece] for piece in pieces], wanted))

    def _read(self, pieces: Sequence[Sequence[Heard]], wanted: dict[str, int]) -> list[ScoreTable]:
        """Outputs by name, of so many columns each. Each piece comes in parts, and gets their mean, each
        counting as much as it lasts; so does a long part."""
        parts = [
            (i, part)
            for i, piece in enumerate(pieces)
            for whole in piece
            for part in np.array_split(whole, -(-len(whole) // LONGEST))
        ]
        lengths = [sum(map(len, piece)) for piece in pieces]
        tables = [np.zeros((len(pieces), columns), np.float32) for columns in wanted.values()]
        for call in calls([len(part) for _, part in parts], MANY):
            rows = np.array([len(parts[k][1]) for k in call], np.int64)
            heard = np.zeros((len(call), rows.max(), self._width), np.float32)
            for row, k in zip(heard, call, strict=True):
                row[: len(parts[k][1])] = parts[k][1]
            found = self._heads.run(list(wanted), {"heard": heard, "rows": rows})
            for table, scores in zip(tables, found, strict=True):
                for k, score in zip(call, scores, strict=True):
                    piece, part = parts[k]
                    table[piece] += score * (len(part) / lengths[piece])
        return tables


def _called(ears: InferenceSession, sounds: Sequence[Sound]) -> NDArray[np.float32]:
    """What is heard of some sounds, (sounds, rows, 462), in one call."""
    lengths = np.array([len(sound) for sound in sounds], np.int64)
    given = np.zeros((len(sounds), lengths.max()), np.float32)
    for row, sound in zip(given, sounds, strict=True):
        row[: len(sound)] = sound
    heard: NDArray[np.float32] = ears.run(["heard"], {"sound": given, "lengths": lengths})[0]
    return heard


def _bursts(heard: Heard) -> list[tuple[int, int]]:
    """The first row of each burst, and the first after it."""
    if not len(heard) or heard[:, BURST].max() < PEAK:
        return []
    likely = heard[:, BURST].astype(np.float32)
    edges = np.flatnonzero(np.diff(np.pad(likely >= SURE, 1).astype(np.int8))).reshape(-1, 2)
    joined: list[tuple[int, int]] = []
    for first, end in edges.tolist():
        if joined and first - joined[-1][1] <= APART:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((first, end))
    return [
        (first, end) for first, end in joined if end - first >= AT_LEAST and likely[first:end].max() >= PEAK
    ]


def _parts(piece: Heard) -> list[Heard]:
    """Speech and bursts apart: heard together, a laugh in a talk is taken for a tone of voice."""
    ends = [0]
    for end in (row for burst in _bursts(piece) for row in burst):
        if end - ends[-1] >= PART and len(piece) - end >= PART:
            ends.append(end)
    return [piece[first:end] for first, end in pairwise([*ends, len(piece)])]


def _shape(session: InferenceSession, name: str, path: Path) -> int:
    """How many columns an output has.

    Raises:
        EngineError: there is no such output.
    """
    shapes = {output.name: output.shape for output in session.get_outputs()}
    if name not in shapes:
        raise EngineError(f"{path.name} is not a voice network: it gives {shapes}")
    return int(shapes[name][-1])


def voice(settings: Settings) -> VoiceNet:
    """The networks that are part of this package."""
    ears = network("voice")
    if ears is None:
        raise EngineMissing("this installation has no voice network: mien/weights/voice.onnx is missing")
    return VoiceNet(ears, ears.with_suffix(".heads.onnx"), cores(settings))
