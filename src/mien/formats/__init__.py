"""The fifth room: what is kept and handed out of what was measured.

What was measured in one file is kept as a folder: `file.json` (its entry in `predictions`; absent
where it could not be read), `problems.json` (its name, errors and warnings), `csv/<model>.csv`, and
`faces/<person>/frame=<frame>.png` where faces were to be saved. From such folders the predictions
and the artifacts of a job are put together without holding them in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol, TypeAlias

from mien.types import Source


class Folder(Protocol):
    """A folder of files, wherever it is kept."""

    def write(self, path: str) -> AbstractContextManager[BinaryIO]: ...

    def read(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Raises FileNotFoundError."""

    def paths(self) -> Iterator[str]:
        """Of all files in it, sorted."""


Results: TypeAlias = Iterable[tuple[Source, Iterable[Folder]]]
"""The sources of a job in order, each with a folder for every file of it."""

# below, since they speak of folders and results
from mien.formats.artifacts import write_artifacts  # noqa: E402
from mien.formats.json import write_predictions  # noqa: E402

FORMATS: Mapping[str, Callable[[Results, BinaryIO], None]] = {
    "predictions.json": write_predictions,
    "artifacts.zip": write_artifacts,
}
"""What is made of a whole job, by the name it is kept under."""
