"""The third room: what each model asks, wants to see, and says."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from mien.engines import Engines
from mien.media import Media
from mien.models.burst import Burst
from mien.models.face import Face
from mien.models.facemesh import FaceMesh
from mien.models.language import Language
from mien.models.ner import Ner
from mien.models.options import Options
from mien.models.prosody import Prosody
from mien.segments import Cut, TranscriptionOptions
from mien.types import Prediction

__all__ = ["MODELS", "Model"]

S_contra = TypeVar("S_contra", contravariant=True)


class Model(Protocol[S_contra]):
    """Says how it wants media cut, and what it sees in the pieces. Made anew for each file.

    Making one raises `EngineMissing` where this server cannot serve it.
    """

    name: ClassVar[str]
    options: ClassVar[type[Options]]
    prediction: ClassVar[type[Prediction]]

    def __init__(
        self, options: Any, engines: Engines, transcription: TranscriptionOptions | None
    ) -> None: ...

    @staticmethod
    def applies(media: Media) -> bool:
        """Whether there is anything in the file that it could look at."""

    @property
    def cut(self) -> Cut[Any]: ...

    def predict(self, segments: Sequence[S_contra]) -> Sequence[Prediction]:
        """What it says of some pieces, which come in order."""


_KINDS: tuple[type[Model[Any]], ...] = (Face, Burst, Prosody, Language, Ner, FaceMesh)

MODELS = {kind.name: kind for kind in _KINDS}
"""Every model by its name on the wire."""
