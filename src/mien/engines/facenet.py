"""The face network trained in `training/face`: what faces express, move and look like.

It takes `faces`, float32 (faces, 48, 48), grey from 0 to 255, framed and made small as the FER+ faces
it has learned from; it gives `expressions` (faces, 48), `facs` (faces, 36) and `descriptions`
(faces, 27) in the orders of `mien.labels`.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines import FaceScores, cores
from mien.engines.onnx import Threads, opened
from mien.errors import EngineError, EngineMissing
from mien.labels import EXPRESSIONS, FACE_DESCRIPTIONS, FACS
from mien.settings import Settings
from mien.types import Image, ScoreTable
from mien.weights import network

SIDE = 48
FACES = 8
"""Faces in one call: more at once are no faster."""

_OUTPUTS = {"expressions": EXPRESSIONS, "facs": FACS, "descriptions": FACE_DESCRIPTIONS}


class FaceNet:
    """Sees what a face expresses."""

    label = "mien face network"

    def __init__(self, path: Path, threads: int) -> None:
        self._session, self._threads = opened(path), Threads(threads)
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        if any(shapes.get(name, [0])[-1] != len(names) for name, names in _OUTPUTS.items()):
            raise EngineError(f"{path.name} is not a face network: it gives {shapes}")

    def read(self, faces: Sequence[Image]) -> FaceScores:
        if not faces:
            return FaceScores(*(np.zeros((0, len(names)), np.float32) for names in _OUTPUTS.values()))
        calls = [faces[k : k + FACES] for k in range(0, len(faces), FACES)]
        parts = self._threads.each(self._called, calls)
        return FaceScores(*(np.concatenate(tables) for tables in zip(*parts, strict=True)))

    def _called(self, faces: Sequence[Image]) -> list[ScoreTable]:
        tables: list[ScoreTable] = self._session.run(list(_OUTPUTS), {"faces": small(faces)})
        return tables


def small(faces: Sequence[Image]) -> NDArray[np.float32]:
    """(faces, 48, 48) grey (ITU-R BT.601, as in JPEG), each pixel the mean of those that it stands for."""
    greys = (cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32) for face in faces)
    return np.array([cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for grey in greys])


def face_reader(settings: Settings) -> FaceNet:
    """The network that is part of this package."""
    path = network("face")
    if path is None:
        raise EngineMissing("this installation has no face network: mien/weights/face.onnx is missing")
    return FaceNet(path, cores(settings))
