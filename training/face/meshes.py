"""Face meshes of FER+ faces, and what moves in them, from MediaPipe's own networks.

    python -m training.face.meshes --data DATA --work WORK --landmarker face_landmarker.task

The network is that of MediaPipe's face landmarker (Apache-2.0), which gives the 478 points that users of
the facemesh model send. Its sister says how much each of 52 blendshapes is in them: it is the teacher of
`training.face.geometry`. Written to `WORK/meshes.npz`, for those rows of `data.read` on which it sees a
face: `rows`, `points` (rows, 478, 3) in sides of the picture, `shapes` (rows, 52).
"""

import argparse
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mien.engines.tflite import onnx_of
from mien.engines.views import View, seen
from training.face.data import Faces, read

UNRATED = 9_000
"""Faces at most that nobody rated and that are laid a mesh on, to learn from what the face network says of them."""

EYES = (33, 133), (362, 263)

SHAPED = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70,
    78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149,
    150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195,
    197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300,
    308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375,
    377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454,
    466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)  # fmt: skip
"""The points that the blendshape network is given (MediaPipe, `face_blendshapes_graph.cc`)."""


class Landmarker:
    """Points of a face that nearly fills its picture."""

    def __init__(self, task: Path, work: Path) -> None:
        with ZipFile(task) as archive:
            network = work / "face_landmarks_detector.tflite"
            network.write_bytes(archive.read(network.name))
            self._shapes = Interpreter(model_content=archive.read("face_blendshapes.tflite"), num_threads=1)
        self._shapes.allocate_tensors()
        (self._given,), (self._gives,) = self._shapes.get_input_details(), self._shapes.get_output_details()
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
            given = seen(colour, view, 256).transpose(2, 0, 1)[np.newaxis].astype(np.float32) / 255
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

    def shapes(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(52,) in the order of MediaPipe."""
        given = points[np.newaxis, list(SHAPED), :2] * 256
        self._shapes.set_tensor(self._given["index"], given.astype(np.float32))
        self._shapes.invoke()
        found: NDArray[np.float32] = self._shapes.get_tensor(self._gives["index"]).reshape(-1)
        return found


def chosen(faces: Faces) -> NDArray[np.int64]:
    """The rows that get a mesh: all rated ones, and some of the others that may be learned from."""
    free = np.setdiff1d(faces.train, faces.rated(faces.train))
    some = np.random.default_rng(0).permutation(free)[:UNRATED]
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
    rows, points, shapes = [], [], []
    for k, row in enumerate(chosen(faces)):
        laid = landmarker.points(faces.images[row])
        if laid is not None:
            rows.append(row)
            points.append(laid)
            shapes.append(landmarker.shapes(laid))
        if k % 1000 == 999:
            print(f"{len(rows)} of {k + 1} faces have a mesh", flush=True)
    np.savez(
        wanted.work / "meshes.npz", rows=np.array(rows), points=np.stack(points), shapes=np.stack(shapes)
    )


if __name__ == "__main__":
    main()
