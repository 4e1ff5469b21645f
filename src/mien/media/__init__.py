"""The first room: a file of ours, decoded lazily."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from mien.types import FileType, Frame, Landmarks, Sound

__all__ = ["Media", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A frame that is wanted: the one of a number, or, where the frame rate of the film varies and a moment
    (seconds) is given, the first that is shown from then on."""

    number: int
    moment: float | None = None


class Media(Protocol):
    """One file as the walk sees it. Each method starts again at the beginning of the file."""

    @property
    def name(self) -> str:
        """The path within its source."""

    @property
    def file_type(self) -> FileType: ...

    @property
    def fps(self) -> float:
        """Frames a second of a film; 0 for a picture and where there are no frames."""

    @property
    def duration(self) -> float | None:
        """Seconds of a film or a sound, where the file says so."""

    @property
    def has_frames(self) -> bool: ...

    @property
    def has_sound(self) -> bool: ...

    @property
    def text(self) -> str | None:
        """The text of a text file, as it was given."""

    @property
    def meshes(self) -> tuple[Landmarks, ...]:
        """The face meshes of a landmark file."""

    @property
    def warnings(self) -> Sequence[str]:
        """What was wrong with the file as far as it has been decoded, and did not stop it."""

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        """The frames that are wanted (numbers and moments rise), each once. Only these are converted.

        Raises:
            BrokenMedia: no frame can be decoded.
            MediaTooLarge: it turns out longer than the settings allow.
        """

    def sound(self) -> Iterator[Sound]:
        """The sound in pieces of about a second.

        Raises:
            BrokenMedia: nothing of it can be decoded.
            MediaTooLarge: it turns out longer than the settings allow.
        """
