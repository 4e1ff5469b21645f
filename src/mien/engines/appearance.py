"""Whose face it is, by how it looks: shapes and colours of the aligned view, without any network.

It follows a person through a film, whose light, hair and clothes stay as they are; it is no face
recognition, and does not find somebody again in another film. Shapes are histograms of gradients
(Dalal & Triggs, CVPR 2005) over a grid of cells; colours are the mean chroma of the same cells. What
an expression moves most, the mouth, counts little, and so does what lies around the face.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.engines import ALIGNED
from mien.settings import Settings
from mien.types import Image, ScoreTable

CELLS, ORIENTATIONS = 7, 8
"""Cells a side, and directions of gradients in each."""

COLOUR = 1.2
"""How much colours count beside shapes."""

MOUTH = 0.2
"""How much cells around the mouth count."""

CHROMA = np.array([[-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], np.float32)
"""Blue and red against grey (ITU-R BT.601)."""

TYPICAL = np.array([-10.0, 16.0], np.float32)
"""Chroma of a face in ordinary light: what persons share says nothing of who they are."""


class Appearance:
    """Sees whether two faces of one film are one person's."""

    label = "appearance (shapes and colours of a face within one film)"
    # 77 % of pairs of one face in twenty lively seconds of film are more alike, all that follow each other
    # within a third of a second, and 3 % of pairs of strangers on small pictures without colours
    alike = 0.7

    def embed(self, faces: Sequence[Image]) -> ScoreTable:
        size = CELLS * CELLS * (ORIENTATIONS + 2)
        vectors = [_vector(face) for face in faces]
        return np.stack(vectors) if vectors else np.zeros((0, size), np.float32)


def _vector(face: Image) -> NDArray[np.float32]:
    """Of unit length."""
    down = face[::2].astype(np.uint16) + face[1::2]
    colours = (down[:, ::2] + down[:, 1::2]) / np.float32(4)
    shapes = _normal(_shapes(colours.mean(2)) * _WEIGHTS)
    side = ALIGNED // 2 // CELLS
    chroma = colours.reshape(CELLS, side, CELLS, side, 3).mean((1, 3)) @ CHROMA.T - TYPICAL
    spread = np.abs(chroma).mean() + 8.0  # of a grey picture nothing is made much of
    vector = np.concatenate([shapes.ravel(), (COLOUR * chroma / spread / np.sqrt(chroma.size)).ravel()])
    return _normal(vector)


def _shapes(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """(cells, cells, orientations): the square root of how strong each direction is, less the mean."""
    down, across = np.gradient(grey)
    strength = np.hypot(across, down)
    turn = (np.arctan2(down, across) % np.pi) / np.pi * ORIENTATIONS
    direction = turn.astype(np.intp) % ORIENTATIONS
    side = len(grey) // CELLS
    cell = np.arange(len(grey)) // side
    place = (cell[:, None] * CELLS + cell[None, :]) * ORIENTATIONS + direction
    sums = np.bincount(place.ravel(), strength.ravel(), CELLS * CELLS * ORIENTATIONS)
    shapes: NDArray[np.float32] = np.sqrt(sums, dtype=np.float32).reshape(CELLS, CELLS, ORIENTATIONS)
    shapes -= shapes.mean()
    return shapes


def _normal(values: NDArray[np.float32]) -> NDArray[np.float32]:
    normal: NDArray[np.float32] = values / max(float(np.linalg.norm(values)), 1e-6)
    return normal


def _weights() -> NDArray[np.float32]:
    """(cells, cells, 1): less from the middle to the edge."""
    steps = (np.arange(CELLS, dtype=np.float32) + 0.5) / CELLS * 2 - 1
    weights = np.exp(-(steps[:, None] ** 2 + steps**2))[..., np.newaxis]
    weights[5:, 2:5] *= MOUTH
    return weights


_WEIGHTS = _weights()


def face_identity(settings: Settings) -> Appearance:
    """It needs no weights."""
    return Appearance()
