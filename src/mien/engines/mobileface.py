"""MobileFace: whose face it is, by a network that has learned to tell 85,000 people apart, once a user
has pulled it (`mien models pull mobileface`).

It is UniFace's MobileNetV2 (https://github.com/yakhyo/face-recognition): it takes aligned faces,
`(faces, 3, 112, 112)`, RGB from -1 to 1, and gives `(faces, 512)`. Any network of that form will do.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mien.engines import ALIGNED, cores
from mien.engines.onnx import opened
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.types import Image, ScoreTable
from mien.weights import pulled, pulled_files

FACES = 16
"""Faces in one call: enough to keep the cores busy in little memory."""


class MobileFace:
    """Knows faces again, also in other light and with other hair."""

    # as those who made it advise: from .6 on surely one person's, below .4 surely not
    alike = 0.4

    def __init__(self, path: Path, threads: int) -> None:
        self.label = f"MobileFace ({path.name})"
        self._session = opened(path, threads)
        given, gives = self._session.get_inputs()[0], self._session.get_outputs()[0]
        if list(given.shape[1:]) != [3, ALIGNED, ALIGNED] or len(gives.shape) != 2:
            raise EngineError(
                f"{path.name} is not a face identity network: it takes {given.shape} and gives {gives.shape}"
            )
        self._given, self._gives = given.name, gives.name
        # one that was exported for a single face takes no more
        self._most = 1 if isinstance(given.shape[0], int) else FACES

    def embed(self, faces: Sequence[Image]) -> ScoreTable:
        parts = [self._called(faces[k : k + self._most]) for k in range(0, len(faces), self._most)]
        return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)

    def _called(self, faces: Sequence[Image]) -> ScoreTable:
        given = np.stack(faces).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        try:
            vectors = self._session.run([self._gives], {self._given: given})[0]
        except Exception as error:  # onnxruntime's errors have no common kind of their own
            raise EngineError(f"{self.label} failed on {len(faces)} faces: {error}") from error
        unit: ScoreTable = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        return unit


def face_identity(settings: Settings) -> MobileFace:
    """The network that has been pulled."""
    folders = pulled(settings.weights, "mobileface")
    if not folders:
        raise EngineMissing("MobileFace has not been pulled yet; `mien models pull mobileface` gets it")
    return MobileFace(pulled_files(folders[-1])[0], cores(settings))
