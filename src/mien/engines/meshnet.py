"""The facemesh network trained in `training/face`: expressions from the geometry of a face alone.

It takes `points`, float32 (meshes, 478, 3) in any unit, also as fractions of a picture of any form, and
gives `expressions`, float32 (meshes, 48) in the order of `EXPRESSIONS`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mien.engines.onnx import opened
from mien.errors import EngineError, EngineMissing
from mien.labels import EXPRESSIONS
from mien.settings import Settings
from mien.types import Landmarks, ScoreTable
from mien.weights import network

RIGHT_EYE, LEFT_EYE, LIP = 33, 263, 2
"""Landmarks: the outer corners of the eyes, and what is between nose and mouth."""


class MeshNet:
    """Reads expressions from landmarks."""

    label = "mien facemesh network"

    def __init__(self, path: Path) -> None:
        self._session = opened(path)  # a third of a millisecond: several threads are slower
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        if shapes.get("expressions", [0])[-1] != len(EXPRESSIONS):
            raise EngineError(f"{path.name} is not a facemesh network: it gives {shapes}")

    def read_meshes(self, meshes: Sequence[Landmarks]) -> ScoreTable:
        if not meshes:
            return np.zeros((0, len(EXPRESSIONS)), np.float32)
        (scores,) = self._session.run(["expressions"], {"points": _unmirrored(np.stack(meshes))})
        table: ScoreTable = scores
        return table


def _unmirrored(points: Landmarks) -> Landmarks:
    """Meshes (meshes, 478, 3) as a camera sees faces. Where y points up, or x was turned as in a mirror, the
    left eye is where the right one should be, and a smile would be read as pain."""
    right, left, below = (points[:, point, :2] for point in (RIGHT_EYE, LEFT_EYE, LIP))
    across, down = left - right, below - right
    is_mirrored = across[:, 0] * down[:, 1] < across[:, 1] * down[:, 0]
    return np.where(is_mirrored[:, None, None], points * np.array([-1, 1, 1], np.float32), points)


def mesh_reader(settings: Settings) -> MeshNet:
    """The network that is part of this package."""
    path = network("facemesh")
    if path is None:
        raise EngineMissing(
            "this installation has no facemesh network: mien/weights/facemesh.onnx is missing"
        )
    return MeshNet(path)
