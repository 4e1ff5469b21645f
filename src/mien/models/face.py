"""Faces: what they express, what moves in them, how people describe them, whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from pydantic import Field

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options, Switch
from mien.segments import TranscriptionOptions
from mien.segments.frames import Frames
from mien.types import Box, Frame, Image, Prediction, Scores

SAME_PERSON = 0.6
"""Cosine between two faces from which they are taken for one person's."""


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
        self._known = engines.known_faces()

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
        crops = [cropped(frame.image, face.box) for frame, face in found]
        scores = self._reader.read(crops)
        persons = self._persons(crops)
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
                crop=crops[i] if self._options.save_faces else None,
            )
            for i, (frame, face) in enumerate(found)
        ]

    def _persons(self, crops: Sequence[Image]) -> list[str]:
        """Whose faces these are: the known face that is nearest, or somebody new."""
        if self._identity is None:
            return ["unknown"] * len(crops)
        persons = []
        for vector in self._identity.embed(crops):
            likeness = [float(vector @ known) for known in self._known]
            best = int(np.argmax(likeness)) if likeness else -1
            if best < 0 or likeness[best] < SAME_PERSON:
                best = len(self._known)
                self._known.append(vector)
            persons.append(f"face_{best}")
        return persons


def cropped(image: Image, box: Box) -> Image:
    """What lies in the box and in the picture; at least one pixel."""
    height, width = image.shape[:2]
    left, top = min(max(0, round(box.x)), width - 1), min(max(0, round(box.y)), height - 1)
    right = max(left + 1, min(width, round(box.x + box.w)))
    bottom = max(top + 1, min(height, round(box.y + box.h)))
    return np.ascontiguousarray(image[top:bottom, left:right])
