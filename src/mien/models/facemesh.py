"""Facemesh: expressions from landmarks that the caller has found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options
from mien.segments import TranscriptionOptions
from mien.segments.meshes import Meshes
from mien.types import Mesh, Prediction, Scores


class FaceMeshOptions(Options):
    """The facemesh model has no options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMeshPrediction(Prediction):
    """One face of a landmark file, in the order of the file."""

    emotions: Scores


class FaceMesh:
    """Reads meshes of 478 points."""

    name: ClassVar[str] = "facemesh"
    options: ClassVar[type[Options]] = FaceMeshOptions
    prediction: ClassVar[type[Prediction]] = FaceMeshPrediction

    def __init__(
        self, options: FaceMeshOptions, engines: Engines, transcription: TranscriptionOptions | None
    ) -> None:
        self.cut = Meshes()
        self._reader = engines.mesh_reader

    @staticmethod
    def applies(media: Media) -> bool:
        return media.file_type == "facemesh"

    def predict(self, segments: Sequence[Mesh]) -> list[FaceMeshPrediction]:
        scores = self._reader.read_meshes([mesh.points for mesh in segments])
        return [FaceMeshPrediction(emotions=Scores(labels.EXPRESSIONS, row)) for row in scores]
