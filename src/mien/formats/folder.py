"""What was measured in one file, kept as a folder."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZipFile

from mien.formats import Folder, csv, json
from mien.types import FileMeasurement, Measured


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


class ArchiveFolder:
    """A folder in an archive that is being written, or read."""

    def __init__(self, archive: ZipFile, name: str) -> None:
        self._archive, self._prefix = archive, f"{name}/"

    def write(self, path: str) -> BinaryIO:
        return cast(BinaryIO, self._archive.open(self._prefix + path, "w", force_zip64=True))

    def read(self, path: str) -> BinaryIO:
        try:
            return cast(BinaryIO, self._archive.open(self._prefix + path))
        except KeyError:
            raise FileNotFoundError(path) from None

    def paths(self) -> Iterator[str]:
        names = (name for name in self._archive.namelist() if name.startswith(self._prefix))
        yield from sorted(name.removeprefix(self._prefix) for name in names)


def keep_all(files: Iterable[FileMeasurement], out: BinaryIO) -> None:
    """Keep what was measured in some files in one archive: not packed tighter, but written at once."""
    with ZipFile(out, "w") as archive:
        for number, file in enumerate(files):
            keep(file, ArchiveFolder(archive, str(number)))


def kept(file: BinaryIO) -> Iterator[ArchiveFolder]:
    """The folders of an archive in the order in which they were kept, as long as the file is open."""
    archive = ZipFile(file)
    for name in dict.fromkeys(path.partition("/")[0] for path in archive.namelist()):
        yield ArchiveFolder(archive, name)


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
        for path, picture in _faces(measured):
            with folder.write(f"faces/{path}.png") as out:
                out.write(picture)


def _faces(measured: Measured) -> Iterator[tuple[str, bytes]]:
    """The faces that were to be saved. Where a person, or nobody known, has several in a frame,
    the second and further ones are numbered."""
    for group in measured.groups:
        seen: Counter[int] = Counter()
        for prediction in group.predictions:
            crop = getattr(prediction, "crop", None)
            if crop is not None:
                frame: int = getattr(prediction, "frame", 0)
                seen[frame] += 1
                number = f"-{seen[frame]}" if seen[frame] > 1 else ""
                yield f"{group.id}/frame={frame}{number}", crop.png()
