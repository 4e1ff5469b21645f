"""Face meshes of FER+ faces, from MediaPipe's own landmark network.

    python -m training.face.meshes --data DATA --work WORK --landmarker face_landmarker.task

The network is that of MediaPipe's face landmarker (Apache-2.0), which gives the 478 points that users of
the facemesh model send. Written to `WORK/meshes.npz`: `rows` of `data.read`, `points` (rows, 478, 3) in
sides of the picture, for those rows on which it sees a face.
"""

import argparse
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien.engines.tflite import onnx_of
from mien.engines.views import View, seen
from training.face.data import Faces, read

UNRATED = 12_000
"""Faces that nobody rated and that are laid a mesh on, to learn from what the face network says of them."""

EYES = (33, 133), (362, 263)


class Landmarker:
    """Points of a face that nearly fills its picture."""

    def __init__(self, task: Path, work: Path) -> None:
        with ZipFile(task) as archive:
            network = work / "face_landmarks_detector.tflite"
            network.write_bytes(archive.read(network.name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            onnx_of(network), options, providers=["CPUExecutionProvider"]
        )

    def points(self, image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """(478, 3) in sides of the square picture; None where it sees no face."""
        side = image.shape[0]
        colour = np.repeat(image[:, :, np.newaxis], 3, 2)
        view = View(side / 2, side / 2, side * 1.2)
        for _ in range(2):
            given = seen(colour, view, 256)[np.newaxis].astype(np.float32) / 255
            raw, presence = self._session.run(["Identity", "Identity_1"], {"input_12": given})
            if presence.reshape(-1)[0] < 0:
                return None
            raw = raw.reshape(-1, 3) / 256
            points = np.column_stack([view.placed(raw[:, :2]), raw[:, 2] * view.side])
            right, left = (points[list(eye), :2].mean(0) for eye in EYES)
            low, high = points[:, :2].min(0), points[:, :2].max(0)
            middle, turn = (low + high) / 2, float(np.arctan2(*(left - right)[::-1]))
            view = View(float(middle[0]), float(middle[1]), float((high - low).max()) * 1.5, turn)
        return (points / side).astype(np.float32)


def chosen(faces: Faces) -> NDArray[np.int64]:
    """The rows that get a mesh: all rated ones, and some of the others that may be learned from."""
    free = np.setdiff1d(faces.train, faces.rated(faces.train))
    some = np.random.default_rng(0).choice(free, UNRATED, replace=False)
    return np.sort(np.concatenate([faces.rated(faces.train), faces.development, faces.held_out, some]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--landmarker", type=Path, required=True)
    wanted = parser.parse_args()
    faces, landmarker = read(wanted.data), Landmarker(wanted.landmarker, wanted.work)
    rows = chosen(faces)
    found = [(row, points) for row in rows if (points := landmarker.points(faces.images[row])) is not None]
    np.savez(
        wanted.work / "meshes.npz",
        rows=np.array([row for row, _ in found]),
        points=np.stack([points for _, points in found]),
    )
    print(f"{len(found)} of {len(rows)} faces have a mesh")


if __name__ == "__main__":
    main()
