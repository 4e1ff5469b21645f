"""Faces: what they express, what moves in them, how people describe them, whose they are."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from typing import ClassVar, TypeAlias

import numpy as np
import PIL.Image
from pydantic import Field

from mien import labels
from mien.engines import ALIGNED, VIEW, Engines, FoundFace, Watched
from mien.engines.views import seen
from mien.media import Media
from mien.models.crops import Crop, Crops
from mien.models.options import Options, Switch
from mien.segments import TranscriptionOptions
from mien.segments.frames import Frames
from mien.types import UNKNOWN, Box, Frame, Image, Prediction, Scores, ScoreTable

MOMENT, MOMENTS, LONGEST_MOMENT = 1.0, 1.5, 3.0
"""Seconds within which a face follows another that was in its place; where fewer pictures are looked at,
so many times what lies between two of them, but no longer than that: by then it may be another scene."""

LARGE_PART = 0.25
"""Of the shorter side of a picture: a face so large is never too small, as the retired API's results show for
small pictures (faces of 44 pixels by default)."""

MOST_KNOWN = 1000
"""People that are remembered; who has not been seen for longest is forgotten first."""

STAYED = 0.3
"""Share of the union of two boxes that makes them one place."""

FOLLOWING = 0.85
"""How much of the likeness that makes one person two faces need that follow each other."""

LOOKS = 12
"""Looks of one person that are remembered: faces turn."""

TOGETHER = 4
"""Frames whose faces are read at once, by a thread of its own, while faces of those after them are found."""


class FaceOptions(Options):
    """Options of the face model."""

    fps_pred: float = Field(default=3.0, ge=0)
    """Frames of a video that are analysed per second; 0 analyses every frame."""
    prob_threshold: float = Field(default=0.99, ge=0, le=1)
    """Detections with a lower face probability are dropped."""
    identify_faces: bool = False
    """Group predictions by person: `face_0`, `face_1` …"""
    min_face_size: int = Field(default=60, ge=0)
    """Smaller bounding boxes are dropped, in pixels of the shorter side; a box that spans a quarter of a
    small image is kept anyway."""
    facs: Switch | None = None
    """Also score facial action units (FACS) and hand gestures. `{}` turns it on."""
    descriptions: Switch | None = None
    """Also score descriptions such as Smile and Frown. `{}` turns it on."""
    save_faces: bool = False
    """Save the cropped faces as PNG in the artifacts archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePrediction(Prediction):
    """One face in one frame. `frame` is the frame's number in the video, `time` is in seconds (0.0 for
    images), `box` is the bounding box in pixels, `prob` the probability that this is a face. `facs`,
    `descriptions` and `crop` are None unless requested; with `save_faces`, `crop.png()` is the cropped
    face."""

    frame: int
    time: float
    prob: float
    box: Box
    emotions: Scores
    facs: Scores | None = None
    descriptions: Scores | None = None
    crop: Crop | None = field(default=None, repr=False, compare=False, metadata={"wire": False})


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
        self._memory = engines.face_memory()
        self._known: list[_Known] = self._memory.known
        self._at = self._memory.elapsed()
        self._crops = Crops() if options.save_faces else None
        self._moment = MOMENT
        if options.fps_pred:
            self._moment = max(MOMENT, min(MOMENTS / options.fps_pred, LONGEST_MOMENT))

    @staticmethod
    def applies(media: Media) -> bool:
        return media.has_frames

    def predict(self, segments: Sequence[Frame]) -> list[FacePrediction]:
        parts = [segments[k : k + TOGETHER] for k in range(0, len(segments), TOGETHER)]
        if len(parts) < 2:
            return [face for part in parts for face in self._read(self._found(part))]
        with ThreadPoolExecutor(1, thread_name_prefix="faces") as reader:
            reading = [reader.submit(self._read, self._found(part)) for part in parts]
        return [face for part in reading for face in part.result()]

    def _found(self, segments: Sequence[Frame]) -> "list[_Seen]":
        """The faces of some frames that are large and sure enough."""
        watched = [
            Watched(frame.image, self._memory, self._least(frame), self._at + frame.time)
            for frame in segments
        ]
        return [
            (frame, face)
            for frame, faces in zip(segments, self._finder.find(watched), strict=True)
            for face in faces
            if face.probability >= self._options.prob_threshold
            and min(face.box.w, face.box.h) >= self._least(frame)
        ]

    def _read(self, found: "Sequence[_Seen]") -> list[FacePrediction]:
        """What is said of them."""
        if not found:
            return []
        scores = self._reader.read([seen(frame.image, face.view, VIEW) for frame, face in found])
        persons = self._persons(found)
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
                crop=self._crops.keep(_png(_cropped(frame.image, face.box))) if self._crops else None,
            )
            for i, (frame, face) in enumerate(found)
        ]

    def _least(self, frame: Frame) -> float:
        """Pixels below which a face is too small: of a small picture, it is not if it fills a good part."""
        height, width = frame.image.shape[:2]
        return float(min(self._options.min_face_size, LARGE_PART * min(height, width)))

    def _persons(self, found: "Sequence[_Seen]") -> list[str]:
        """Whose faces these are. In each frame the likest pairs of a face and somebody known find each
        other first; a face that is like nobody is somebody new. Nobody has two faces at once."""
        if self._identity is None:
            return [UNKNOWN] * len(found)
        views = [seen(frame.image, face.aligned, ALIGNED) for frame, face in found]
        alike, vectors = self._identity.alike, self._identity.embed(views)
        looks = [
            _Look(vector, self._at + frame.time, face.box)
            for vector, (frame, face) in zip(vectors, found, strict=True)
        ]
        persons: dict[int, _Known] = {}
        for _, numbers in groupby(range(len(found)), key=lambda i: found[i][0].index):
            faces = list(numbers)
            pairs = [
                (known.likeness(looks[i], alike, self._moment), i, k)
                for i in faces
                for k, known in enumerate(self._known)
            ]
            taken = set[int]()
            for likeness, i, k in sorted(pairs, key=lambda pair: -pair[0]):
                if likeness >= 0 and i not in persons and k not in taken:
                    persons[i] = self._known[k]
                    taken.add(k)
            for i in faces:
                if i in persons:
                    persons[i].remember(looks[i], alike)
                else:
                    persons[i] = _Known(looks[i], self._memory.people)
                    self._memory.people += 1
                    self._known.append(persons[i])
            if len(self._known) > MOST_KNOWN:
                self._known.sort(key=lambda known: known.seen)
                del self._known[:-MOST_KNOWN]
        return [f"face_{persons[i].number}" for i in range(len(found))]


_Seen: TypeAlias = tuple[Frame, FoundFace]
"""A face, and the frame that it was found in."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a face looked, when, and where."""

    vector: ScoreTable
    time: float
    box: Box


class _Known:
    """Somebody who has been seen: how they look, and where they were last."""

    def __init__(self, first: _Look, number: int) -> None:
        self.number = number
        self._last, self._vectors = first, [first.vector]

    @property
    def seen(self) -> float:
        """When last."""
        return self._last.time

    def likeness(self, look: _Look, alike: float, moment: float) -> float:
        """How far above what it takes to be the same person; a face that follows theirs needs less."""
        likeness = max(float(look.vector @ vector) for vector in self._vectors) - alike
        soon = abs(look.time - self._last.time) <= moment
        if soon and _shared(look.box, self._last.box) >= STAYED:
            return max(likeness, float(look.vector @ self._last.vector) - FOLLOWING * alike)
        return likeness

    def remember(self, look: _Look, alike: float) -> None:
        """A look that is not known yet takes the place of the one that is most like another."""
        self._last = look
        if any(float(look.vector @ vector) > (1 + alike) / 2 for vector in self._vectors):
            return
        self._vectors.append(look.vector)
        if len(self._vectors) > LOOKS:
            likeness = np.stack(self._vectors) @ np.stack(self._vectors).T - 2 * np.eye(LOOKS + 1)
            del self._vectors[int(likeness.max(1).argmax())]


def _shared(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    both = max(0.0, across) * max(0.0, down)
    return both / max(one.w * one.h + other.w * other.h - both, 1e-6)


def _cropped(image: Image, box: Box) -> Image:
    """What lies in the box and in the picture; at least one pixel."""
    height, width = image.shape[:2]
    left, top = min(max(0, round(box.x)), width - 1), min(max(0, round(box.y)), height - 1)
    right = max(left + 1, min(width, round(box.x + box.w)))
    bottom = max(top + 1, min(height, round(box.y + box.h)))
    return np.ascontiguousarray(image[top:bottom, left:right])


def _png(image: Image) -> bytes:
    file = BytesIO()
    PIL.Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
