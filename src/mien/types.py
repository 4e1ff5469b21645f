"""The values that walk through the rooms: frozen, small, and each exactly one thing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.errors import EngineError, MediaError, MienError

Image: TypeAlias = NDArray[np.uint8]  # (height, width, 3), RGB
Sound: TypeAlias = NDArray[np.float32]  # (samples,), mono at SOUND_RATE, -1..1
Landmarks: TypeAlias = NDArray[np.float32]  # (478, 3): x, y, z of a face mesh
ScoreTable: TypeAlias = NDArray[np.float32]  # (pieces, names)
Heard: TypeAlias = NDArray[np.float16]  # (rows, features): what a voice engine hears, every HEARD_STEP

SOUND_RATE = 16_000
"""Samples a second of every `Sound`: what speech networks are trained at."""

HEARD_STEP = 0.16
"""Seconds from one row of `Heard` to the next."""

UNKNOWN = "unknown"
"""The person of a prediction while nobody has been told apart."""

TOP = 3
"""Scores shown of a piece, unless another number is asked for."""

FileType: TypeAlias = Literal["video", "video_no_audio", "image", "audio", "text", "facemesh"]
Granularity: TypeAlias = Literal["word", "sentence", "utterance", "conversational_turn"]


@dataclass(frozen=True, slots=True)
class Interval:
    """From `begin` up to `end`: seconds in media, characters in text."""

    begin: float
    end: float

    def __post_init__(self) -> None:
        if not self.begin <= self.end:
            raise ValueError(f"interval runs backwards: {self.begin} > {self.end}")

    def __repr__(self) -> str:
        """To a thousandth: what is beyond is noise of adding, and long."""
        return f"Interval(begin={round(self.begin, 3)}, end={round(self.end, 3)})"

    @property
    def length(self) -> float:
        """From `begin` to `end`."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in pixels of the image; `x`, `y` is the top left corner."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scores(Mapping[str, float]):
    """One score per name, from 0 to 1, as a mapping: `scores["Joy"]`, `dict(scores)`. `array` holds the
    scores in the order of `names`, as float32. The names are shared, so an hour of scores stays small."""

    names: tuple[str, ...]
    array: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.array.shape != (len(self.names),):
            raise EngineError(f"{len(self.names)} names, but scores of shape {self.array.shape}")
        if not np.isfinite(self.array).all():  # what is not a number is not served as one
            raise EngineError("an engine gave a score that is not a number")

    def __getitem__(self, name: str) -> float:
        try:
            return float(self.array[self.names.index(name)])
        except ValueError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        """The highest of them, as a table of all would bury what stands around it."""
        shown = ", ".join(f"{name!r}: {score:.3f}" for name, score in self.top())
        return f"<{len(self)} scores: {shown}{', …' if len(self) > TOP else ''}>"

    def top(self, count: int = TOP) -> list[tuple[str, float]]:
        """The `count` highest scores with their names, highest first."""
        order = np.argsort(-self.array, kind="stable")[:count]
        return [(self.names[i], float(self.array[i])) for i in order]


# ── pieces: what a cut makes of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One still image of a film, or a picture. A kind of segment."""

    index: int
    time: float
    image: Image = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A stretch of sound in which somebody speaks."""

    time: Interval
    sound: Sound = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiced:
    """A stretch of a recording as the voice engine heard it, with the words in it where they are known.
    A kind of segment."""

    time: Interval
    heard: Heard = field(repr=False, compare=False)
    text: str | None = None
    confidence: float | None = None
    person: str = UNKNOWN
    speaker_confidence: float | None = None


class TextScores(NamedTuple):
    """What some texts express."""

    expressions: ScoreTable  # (texts, 53)
    sentiment: ScoreTable  # (texts, 9), each row a distribution
    toxicity: ScoreTable | None  # (texts, 6); None where the engine does not read it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A named thing. `position` counts characters within its passage."""

    text: str
    position: Interval
    kind: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ReadText:
    """What was read of a passage: row 0 of `scores` is the whole, the rows after it are its words.
    `find_entities` gives what it names; it takes time, and not everybody wants to know."""

    scores: TextScores = field(repr=False)
    find_entities: Callable[[], tuple[Entity, ...]] = field(default=tuple, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of text, with the time it was spoken where it was. A kind of segment.

    `words` are the passages that its words are; they have none themselves.
    """

    position: Interval
    text: str
    time: Interval | None = None
    confidence: float | None = None
    person: str = UNKNOWN
    speaker_confidence: float | None = None
    words: tuple["Passage", ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A passage with what was read of it: what models see of it."""

    passage: Passage
    read: ReadText


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """The landmarks of one face, given instead of a picture. A kind of segment."""

    index: int
    points: Landmarks = field(repr=False, compare=False)


# ── what was said


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word: when, how sure, and by whom."""

    text: str
    time: Interval
    confidence: float
    person: str = UNKNOWN
    speaker_confidence: float | None = None


def sureness(words: Iterable[Word]) -> float:
    """How far some words can be trusted together, each weighing as much as it lasts; 0 for none."""
    weighed = [(word.confidence, max(word.time.length, 0.01)) for word in words]
    total = sum(length for _, length in weighed)
    return sum(confidence * length for confidence, length in weighed) / total if weighed else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A stretch in which one speaker speaks."""

    time: Interval
    person: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The words of a file in order, and how far they can be trusted (0 to 1)."""

    words: tuple[Word, ...]
    confidence: float
    language: str | None = None


# ── what was found


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What one model says of one piece.

    Each model adds its fields in the API's own words and order; `person` says whose group it
    belongs to and is no field on the wire.
    """

    person: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class Group:
    """All predictions about one person, in order. `id` is `face_0`, `spk_0` … if people were identified, else
    `unknown`."""

    id: str
    predictions: tuple[Prediction, ...]

    def __repr__(self) -> str:
        """Without the predictions, which an hour of speech has thousands of: a notebook shows all."""
        return f"<Group {self.id!r} of {len(self.predictions)} predictions>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Confidence (0 to 1) and language of the transcript behind the predictions."""

    confidence: float
    detected_language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The result of one model on one file; no groups if it found nothing. `metadata` is None if no transcript
    was needed."""

    groups: tuple[Group, ...]
    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a file, or one model on it (`model`), has no result; as a warning, why its result is limited."""

    file: str
    message: str
    model: str | None = None
    kind: type[MienError] = field(default=MediaError, repr=False, compare=False)
    """Whose fault it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMeasurement:
    """The results for one file. `file` is its path within the source, or the index of a text; `file_type` is
    None if it is unknown. Models that do not apply to this type of file, and those that failed, are not in
    `models`."""

    file: str
    file_type: FileType | None
    models: Mapping[str, Measured] = field(default_factory=dict)
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def unread(cls, file: str, why: str) -> "FileMeasurement":
        """Of a file that could not be read, or was not."""
        return cls(file=file, file_type=None, errors=(Problem(file=file, message=why),))


# ── where files come from


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A file or archive that is fetched."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A file or archive that was uploaded, or lies on this machine."""

    filename: str | None
    content_type: str | None
    md5sum: str


@dataclass(frozen=True, slots=True)
class TextSource:
    """All the strings of one request."""


Source: TypeAlias = UrlSource | FileSource | TextSource
