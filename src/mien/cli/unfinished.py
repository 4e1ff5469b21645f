"""What a run has measured so far, kept in files: memory stays flat, and another run can go on from there."""

import shutil
from itertools import count
from pathlib import Path

from mien.errors import RequestError
from mien.formats import Folder
from mien.formats.folder import LocalFolder
from mien.types import Source

UNFINISHED = ".unfinished"
"""The folder of it within that of the tables. It is gone once all is measured and written."""

HOW, DONE = "how.txt", "done.txt"
"""How all of it is measured; and, in the folder of a source of which nothing is missing, which one it is."""


class Unfinished:
    """A folder with a folder for each source, and in this one for each file of it."""

    def __init__(self, path: Path, how: str) -> None:
        """`how` is all that makes results comparable: options, engines, version.

        Raises:
            RequestError: what is there was measured in another way.
        """
        self.path = path
        path.mkdir(exist_ok=True)
        (path / HOW).touch()
        if (path / HOW).read_text("utf-8") not in ("", how):
            raise RequestError(
                f"what is in {path} was measured with other options, networks or version of mien:"
                " give the same options, or name another folder"
            )
        (path / HOW).write_text(how, "utf-8")
        self._earlier: dict[str, Path] = {}
        for place in path.iterdir():
            if (place / DONE).exists():
                self._earlier[(place / DONE).read_text("utf-8")] = place
            elif place.is_dir():
                shutil.rmtree(place)
        self.is_of_use = bool(self._earlier)

    def new(self) -> Path:
        """Where a source goes."""
        place = next(place for number in count(1) if not (place := self.path / str(number)).exists())
        place.mkdir()
        return place

    def done(self, place: Path, source: Source) -> None:
        """Nothing of a source is missing: no other run needs to measure it."""
        (place / DONE).write_text(repr(source), "utf-8")
        self.is_of_use = True

    def earlier(self, source: Source) -> list[Folder]:
        """The files of a source that another run has measured, with the same name and content; else none.
        Each is given once: who names a file twice gets it twice."""
        place = self._earlier.pop(repr(source), None)
        if place is None:
            return []
        files = sorted((file for file in place.iterdir() if file.is_dir()), key=lambda file: int(file.name))
        return [LocalFolder(file) for file in files]
