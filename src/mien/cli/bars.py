"""How far a long measurement has come."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mien.media import Media
from mien.types import SOUND_RATE, FileType, Frame, Landmarks, Sound


class Bars:
    """A bar for all sources, and one for the file that is being read, where its length is known."""

    def __init__(self, sources: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._all = self._progress.add_task("sources", total=sources, visible=sources > 1)
        self._file = self._progress.add_task("", total=None)
        self._begun = 0

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, source: str) -> None:
        """The next source is opened."""
        self._progress.update(self._all, completed=self._begun)
        self._progress.reset(self._file, description=source, total=None)
        self._begun += 1

    def followed(self, media: Media) -> Media:
        """The same media, with the bar going along with the reading."""
        self._progress.reset(self._file, description=media.name, total=media.duration)
        return _Followed(media, lambda seconds: self._progress.update(self._file, completed=seconds))


@dataclass
class _Followed:
    """Media that tell how far they have been read."""

    media: Media
    at: Callable[[float], None]

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
    def warnings(self) -> list[str]:
        return list(self.media.warnings)

    def frames(self, wanted: Iterable[int]) -> Iterator[Frame]:
        for frame in self.media.frames(wanted):
            self.at(frame.time)
            yield frame

    def sound(self) -> Iterator[Sound]:
        samples = 0
        for chunk in self.media.sound():
            samples += len(chunk)
            self.at(samples / SOUND_RATE)
            yield chunk
