"""How far a long measurement has come."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mien.media import Media
from mien.media.followed import Followed

PERIOD = 3600.0
"""The remaining time is told from how it went in so many seconds: one file may take minutes."""


class Bars:
    """A bar for all sources, and one for the file that is being read, where its length is known."""

    def __init__(self, sources: int) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),  # names of files are no markup
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            speed_estimate_period=PERIOD,
            disable=not console.is_terminal,  # else an empty line is left in the log
        )
        self._all = self._progress.add_task("sources", total=sources, visible=sources > 1)
        self._file = self._progress.add_task("", total=None)
        self._begun, self._total = 0, sources

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

    def skip(self) -> None:
        """The source that has begun needs no measuring: the bar is one of those that do."""
        self._begun -= 1
        self._total -= 1
        self._progress.update(self._all, completed=self._begun, total=self._total)

    def followed(self, media: Media) -> Media:
        """The same media, with the bar going along with the reading."""
        self._progress.reset(self._file, description=media.name, total=media.duration)
        return Followed(media, lambda seconds: self._progress.update(self._file, completed=seconds))
