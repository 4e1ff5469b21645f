"""What was measured in one file, kept as a folder."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mien.formats import Folder, csv, json
from mien.formats.png import png
from mien.types import FileMeasurement, Image, Measured


class LocalFolder:
    """A folder of this machine. It is made when something is written to it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, path: str) -> BinaryIO:
        file = self._path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("wb")

    def read(self, path: str) -> BinaryIO:
        return (self._path / path).open("rb")

    def paths(self) -> Iterator[str]:
        files = (path for path in self._path.rglob("*") if path.is_file())
        yield from sorted(path.relative_to(self._path).as_posix() for path in files)


def keep(file: FileMeasurement, folder: Folder) -> None:
    """Keep what was measured in one file, as the door of this room says."""
    if file.file_type is not None:
        with folder.write("file.json") as out:
            json.write_file(file, out)
    with folder.write("problems.json") as out:
        json.write_problems(file, out)
    for name, measured in file.models.items():
        with folder.write(f"csv/{name}.csv") as out:
            csv.write(name, measured, out)
        for path, image in _faces(measured):
            with folder.write(f"faces/{path}.png") as out:
                out.write(png(image))


def _faces(measured: Measured) -> Iterator[tuple[str, Image]]:
    """The faces that were to be saved. Where a person, or nobody known, has several in a frame,
    the second and further ones are numbered."""
    for group in measured.groups:
        seen: Counter[int] = Counter()
        for prediction in group.predictions:
            image: Image | None = getattr(prediction, "crop", None)
            if image is not None:
                frame: int = getattr(prediction, "frame", 0)
                seen[frame] += 1
                number = f"-{seen[frame]}" if seen[frame] > 1 else ""
                yield f"{group.id}/frame={frame}{number}", image
