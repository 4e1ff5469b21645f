"""Faces: what they express, what moves in them, how people describe them, whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from pydantic import Field

from mien import labels
from mien.engines import VIEW, Engines, FoundFace, SeenFace
from mien.engines.views import seen
from mien.media import Media
from mien.models.options import Options, Switch
from mien.segments import TranscriptionOptions
from mien.segments.frames import Frames
from mien.types import UNKNOWN, Box, Frame, Image, Prediction, Scores, ScoreTable

SAME_PERSON = 0.6
"""Cosine between two faces from which they are taken for one person's."""

SAME_TRACK = 0.4
"""The same for faces that lie where a face of that person lay a moment ago."""

MOMENT, STAYED = 1.0, 0.3
"""Seconds, and share of the union of two boxes, that make faces follow each other."""

LOOKS = 12
"""Looks of one person that are remembered: faces turn."""


class FaceOptions(Options):
    """What a caller may ask of the face model."""

    fps_pred: float = Field(default=3.0, ge=0)
    prob_threshold: float = Field(default=0.99, ge=0, le=1)
    identify_faces: bool = False
    min_face_size: int = Field(default=60, ge=0)
    facs: Switch | None = None
    descriptions: Switch | None = None
    save_faces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePrediction(Prediction):
    """One face in one frame."""

    frame: int
    time: float
    prob: float
    box: Box
    emotions: Scores
    facs: Scores | None = None
    descriptions: Scores | None = None
    crop: Image | None = field(default=None, repr=False, compare=False, metadata={"wire": False})
    """The face itself, kept when `save_faces` is on."""


class Face:
    """Finds faces in frames and reads each."""

    name: ClassVar[str] = "face"
    options: ClassVar[type[Options]] = FaceOptions
    prediction: ClassVar[type[Prediction]] = FacePrediction

    def __init__(
        self, options: FaceOptions, engines: Engines, transcription: TranscriptionOptions | None
    ) -> None:
        self.cut = Frames(fps=options.fps_pred)
        self._options = options
        self._finder = engines.face_finder
        self._reader = engines.face_reader
        self._identity = engines.face_identity if options.identify_faces else None
        self._known: list[_Known] = engines.known_faces()

    @staticmethod
    def applies(media: Media) -> bool:
        return media.has_frames

    def predict(self, segments: Sequence[Frame]) -> list[FacePrediction]:
        found = [
            (frame, face)
            for frame, faces in zip(
                segments, self._finder.find([frame.image for frame in segments]), strict=True
            )
            for face in faces
            if face.probability >= self._options.prob_threshold
            and min(face.box.w, face.box.h) >= self._options.min_face_size
        ]
        if not found:
            return []
        faces = [seen_face(frame.image, face) for frame, face in found]
        scores = self._reader.read(faces)
        persons = self._persons(faces, [(frame.time, face.box) for frame, face in found])
        return [
            FacePrediction(
                person=persons[i],
                frame=frame.index,
                time=frame.time,
                prob=face.probability,
                box=face.box,
                emotions=Scores(labels.EXPRESSIONS, scores.expressions[i]),
                facs=Scores(labels.FACS, scores.facs[i]) if self._options.facs else None,
                descriptions=Scores(labels.FACE_DESCRIPTIONS, scores.descriptions[i])
                if self._options.descriptions
                else None,
                crop=cropped(frame.image, face.box) if self._options.save_faces else None,
            )
            for i, (frame, face) in enumerate(found)
        ]

    def _persons(self, faces: Sequence[SeenFace], seen_at: Sequence[tuple[float, Box]]) -> list[str]:
        """Whose faces these are: somebody known, whom they look like or where somebody just was, or
        somebody new. Nobody has two faces at once."""
        if self._identity is None:
            return [UNKNOWN] * len(faces)
        persons: list[str] = []
        now, taken = -1.0, set[int]()
        for vector, (time, box) in zip(self._identity.embed(faces), seen_at, strict=True):
            if time != now:
                now, taken = time, set()
            likeness = {
                k: known.likeness(vector, time, box) for k, known in enumerate(self._known) if k not in taken
            }
            best = max(likeness, key=likeness.__getitem__, default=-1)
            if best < 0 or likeness[best] < 0:
                best = len(self._known)
                self._known.append(_Known())
            self._known[best].remember(vector, time, box)
            taken.add(best)
            persons.append(f"face_{best}")
        return persons


class _Known:
    """Somebody who has been seen: how they look, and where they were last."""

    def __init__(self) -> None:
        self._looks: list[ScoreTable] = []
        self._time = 0.0
        self._box = Box(0.0, 0.0, 0.0, 0.0)

    def likeness(self, vector: ScoreTable, time: float, box: Box) -> float:
        """How far above what it takes to be the same person; a face that stayed needs less."""
        alike = max(float(vector @ look) for look in self._looks)
        stayed = abs(time - self._time) <= MOMENT and _shared(box, self._box) >= STAYED
        return alike - (SAME_TRACK if stayed else SAME_PERSON)

    def remember(self, vector: ScoreTable, time: float, box: Box) -> None:
        """A look that is not known yet takes the place of the one that is most like another."""
        self._time, self._box = time, box
        if any(float(vector @ look) > (1 + SAME_PERSON) / 2 for look in self._looks):
            return
        self._looks.append(vector)
        if len(self._looks) > LOOKS:
            likeness = np.stack(self._looks) @ np.stack(self._looks).T - 2 * np.eye(len(self._looks))
            del self._looks[int(likeness.max(1).argmax())]


def seen_face(image: Image, face: FoundFace) -> SeenFace:
    """What readers get to see of a face."""
    mesh = np.column_stack([face.view.within(face.mesh[:, :2]), face.mesh[:, 2] / face.view.side]) * VIEW
    return SeenFace(seen(image, face.view, VIEW), mesh)


def _shared(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    both = max(0.0, across) * max(0.0, down)
    return both / max(one.w * one.h + other.w * other.h - both, 1e-6)


def cropped(image: Image, box: Box) -> Image:
    """What lies in the box and in the picture; at least one pixel."""
    height, width = image.shape[:2]
    left, top = min(max(0, round(box.x)), width - 1), min(max(0, round(box.y)), height - 1)
    right = max(left + 1, min(width, round(box.x + box.w)))
    bottom = max(top + 1, min(height, round(box.y + box.h)))
    return np.ascontiguousarray(image[top:bottom, left:right])
