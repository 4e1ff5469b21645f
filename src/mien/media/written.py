"""Files without pictures and sound: texts, and landmarks of faces."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import orjson

from mien.errors import BadLandmarks, BrokenMedia, TextTooLong, TooManyFaces, UnknownFileType
from mien.media import Media, Wanted
from mien.media.kinds import WINDOWS, is_from_windows, is_prose, promises_lines
from mien.settings import Settings
from mien.types import FileType, Frame, Landmarks, Sound

LOT, LOT_CHARACTERS = 256, 50_000
"""Texts that are measured together, and how long they may be in all: about a second's work."""

AS_ONE_TEXT = "the file is one text: time codes of subtitles and columns of tables are measured as words"

LANDMARKS = (478, 3)
"""Points of a face mesh, and x, y, z of each."""

MOST_VALUES = 1_000_000
"""In one JSON, four times as many as landmarks can have: reading far more takes gigabytes, and holds up
everybody meanwhile."""

MAX_FACES = 100
"""Faces that one landmark file may hold: what the 2023 Python client checks, too."""

_MAX_LANDMARK_BYTES = 200 * 478 * 3 * MAX_FACES  # a number takes some twenty characters, indented or not
_MEDIA_NAME = re.compile(
    r"\.(?:aac|aiff?|avi|bmp|flac|gif|heic|jpe?g|m4[av]|mk[av]|mov|mp[34]|mpe?g|og[ag]|opus|png|tiff?|wav"
    r"|web[mp]|wm[av])$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A text, or the meshes of a landmark file."""

    name: str
    file_type: FileType
    text: str | None = None
    meshes: tuple[Landmarks, ...] = ()
    fps = 0.0
    duration = None
    has_frames = False
    has_sound = False
    warnings: tuple[str, ...] = ()

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        return iter(())

    def sound(self) -> Iterator[Sound]:
        return iter(())


def lots(texts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Texts in order, as many at a time as are measured together; a long one by itself."""
    lot: list[str] = []
    length = 0
    for text in texts:
        if lot and (len(lot) == LOT or length + len(text) > LOT_CHARACTERS):
            yield tuple(lot)
            lot, length = [], 0
        lot.append(text)
        length += len(text)
    if lot:
        yield tuple(lot)


def is_crowded(written: bytes) -> bool:
    """Whether some JSON holds more than `MOST_VALUES`. What looks like one within a string is none."""
    if _values(written) <= MOST_VALUES:
        return False
    unescaped = written.replace(rb"\\", b"").replace(rb"\"", b"")
    if unescaped.count(b'"') > 2 * MOST_VALUES:
        return True
    return _values(b"".join(unescaped.split(b'"')[::2])) > MOST_VALUES


def read_written(file: BinaryIO, name: str, encoding: str, settings: Settings) -> Media:
    """A file that begins like a text in this encoding.

    Raises:
        TextTooLong: it is longer than a text may be.
        BadLandmarks: it is JSON without landmarks.
        TooManyFaces: it is JSON with more faces than are read at once.
        BrokenMedia: its encoding breaks off, or its name promises something else.
        UnknownFileType: it is text, but none for reading.
    """
    data = file.read(int(settings.max_text_mb * 1e6) + 1)
    if len(data) > settings.max_text_mb * 1e6:
        raise TextTooLong(f"the text is longer than {settings.max_text_mb:g} MB")
    warnings: tuple[str, ...] = ()
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if not is_from_windows(data, name):  # which may show late
            said = encoding.removesuffix("-sig").upper()
            raise BrokenMedia(
                f"the text is not in {said} throughout ({error.reason}); save it in UTF-8"
            ) from None
        encoding = WINDOWS
        text = data.decode(encoding)
    if encoding == WINDOWS:
        warnings = ("the text is not in UTF-8, and was read as Windows-1252",)
    if promises_lines(name):
        warnings += (AS_ONE_TEXT,)
    if not is_prose(text):
        raise UnknownFileType(f"{UnknownFileType.__doc__}: it is a web page, a document or a playlist")
    if promised := _MEDIA_NAME.search(name):
        raise BrokenMedia(f"the file is named {promised[0]}, but contains text")
    landmarks = _json(text)
    if landmarks is None:
        return Written(name, "text", text=text, warnings=warnings)
    return Written(name, "facemesh", meshes=tuple(_meshes(landmarks)))


def _json(text: str) -> Any:
    """The list or object that the text is, else None: a number or a word in quotes is a text.

    Raises:
        TooManyFaces: it would hold far more than there may be.
    """
    if text.lstrip()[:1] not in {"[", "{"} or len(text) > _MAX_LANDMARK_BYTES:
        return None
    if is_crowded(text.encode()):
        raise TooManyFaces(f"the JSON holds far more than {MAX_FACES} faces, which are allowed")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:  # some write down numbers that are none, or enormous: no text either
        return json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return None


def _values(written: bytes) -> int:
    return sum(map(written.count, (b",", b"[", b"{")))


def _meshes(data: Any) -> Iterator[Landmarks]:
    """The faces of a landmark file; a single face need not be in a list of its own.

    Raises:
        BadLandmarks: it holds no faces, or some of another shape.
        TooManyFaces: it holds too many.
    """
    faces = [data] if _shape(data) == LANDMARKS else data
    if not (isinstance(faces, list) and faces and isinstance(faces[0], list)):
        raise BadLandmarks(
            "JSON files are read as face landmarks, a list of faces; this is not one. Save texts as .txt"
        )
    if len(faces) > MAX_FACES:
        raise TooManyFaces(f"{len(faces)} faces in one landmark file; {MAX_FACES} are allowed")
    for number, face in enumerate(faces):
        if (points := _points(face)) is None:
            raise BadLandmarks(f"face {number} is not 478 landmarks of three finite numbers each")
        yield points


def _points(face: Any) -> Landmarks | None:
    if not isinstance(face, list) or len(face) != LANDMARKS[0] or not all(map(_is_point, face)):
        return None  # looked at before numpy does: of texts it would make a table as wide as the longest
    points = np.array(face, np.float64)
    with np.errstate(over="ignore"):
        landmarks: Landmarks = points.astype(np.float32)
    return landmarks if np.isfinite(landmarks).all() else None


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list) and len(point) == LANDMARKS[1] and all(type(v) in (int, float) for v in point)
    )


def _shape(data: Any) -> tuple[int, ...]:
    """How many, and how many in the first, if the innermost are numbers."""
    shape: list[int] = []
    while isinstance(data, list):
        shape.append(len(data))
        data = data[0] if data else None
    return tuple(shape) if isinstance(data, int | float) else ()
