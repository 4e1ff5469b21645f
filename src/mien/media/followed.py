"""Media seen through something: as they are, but for what that changes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mien.media import Media, Wanted
from mien.types import SOUND_RATE, FileType, Frame, Landmarks, Sound


@dataclass(frozen=True, slots=True)
class Through:
    """The same media."""

    media: Media

    @property
    def name(self) -> str:
        return self.media.name

    @property
    def file_type(self) -> FileType:
        return self.media.file_type

    @property
    def fps(self) -> float:
        return self.media.fps

    @property
    def duration(self) -> float | None:
        return self.media.duration

    @property
    def has_frames(self) -> bool:
        return self.media.has_frames

    @property
    def has_sound(self) -> bool:
        return self.media.has_sound

    @property
    def text(self) -> str | None:
        return self.media.text

    @property
    def meshes(self) -> tuple[Landmarks, ...]:
        return self.media.meshes

    @property
    def warnings(self) -> Sequence[str]:
        return self.media.warnings

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        return self.media.frames(wanted)

    def sound(self) -> Iterator[Sound]:
        return self.media.sound()


@dataclass(frozen=True, slots=True)
class Followed(Through):
    """The same media; `at` is told the second that was read last, and may raise to end the reading. Of films
    it is told by the thread that reads ahead: what is measured is some frames behind."""

    at: Callable[[float], None]

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        for frame in self.media.frames(wanted):
            self.at(frame.time)
            yield frame

    def sound(self) -> Iterator[Sound]:
        samples = 0
        for chunk in self.media.sound():
            samples += len(chunk)
            self.at(samples / SOUND_RATE)
            yield chunk
