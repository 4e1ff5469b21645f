"""The voice network trained in `training/voice`: how something is said, as 48 scores.

It takes `sound`, float32 (pieces, samples) at `SOUND_RATE`, and `lengths`, int64 (pieces,), which
says how many samples of each row count; it gives `prosody`, float32 (pieces, 48) in the order of
`EXPRESSIONS`. A piece scores the same alone and beside longer ones.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mien.engines import cores
from mien.engines.onnx import calls, opened
from mien.errors import EngineError, EngineMissing
from mien.labels import EXPRESSIONS
from mien.settings import Settings
from mien.types import SOUND_RATE, ScoreTable, Sound
from mien.weights import network

SHORTEST = SOUND_RATE // 10
"""Samples; a shorter piece is filled up with silence, for want of anything to hear in it."""

LONGEST = 15 * SOUND_RATE
"""Samples; a longer piece scores the mean of its equal parts. The network learned from seconds."""

LARGEST = 64 * SOUND_RATE
"""Samples in one call, padding included: enough to keep the cores busy in little memory."""


class VoiceNet:
    """Hears how something is said, in any language."""

    label = "mien voice network"

    def __init__(self, path: Path, threads: int) -> None:
        self._session = opened(path, threads)
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        if shapes.get("prosody", [0])[-1] != len(EXPRESSIONS):
            raise EngineError(f"{path.name} is not a voice network: it gives {shapes}")

    def prosody(self, pieces: Sequence[Sound]) -> ScoreTable:
        parts = [(i, part) for i, piece in enumerate(pieces) for part in _parts(piece)]
        table = np.zeros((len(pieces), len(EXPRESSIONS)), np.float32)
        for call in calls([len(part) for _, part in parts], LARGEST):
            scores = self._heard([parts[k][1] for k in call])
            for k, row in zip(call, scores, strict=True):
                piece = parts[k][0]
                table[piece] += row * (len(parts[k][1]) / max(len(pieces[piece]), SHORTEST))
        return table

    def _heard(self, pieces: Sequence[Sound]) -> ScoreTable:
        """One call of the network."""
        lengths = np.array([len(piece) for piece in pieces], np.int64)
        sound = np.zeros((len(pieces), lengths.max()), np.float32)
        for row, piece in zip(sound, pieces, strict=True):
            row[: len(piece)] = piece
        (scores,) = self._session.run(["prosody"], {"sound": sound, "lengths": lengths})
        table: ScoreTable = scores
        return table


def _parts(piece: Sound) -> list[Sound]:
    """Equal parts that the network can hear; a short piece is one."""
    if len(piece) < SHORTEST:
        return [np.pad(piece, (0, SHORTEST - len(piece)))]
    return np.array_split(piece, -(-len(piece) // LONGEST))


def voice(settings: Settings) -> VoiceNet:
    """The network that is part of this package."""
    path = network("voice")
    if path is None:
        raise EngineMissing("this installation has no voice network (mien/weights/voice.onnx is not there)")
    return VoiceNet(path, cores(settings))
