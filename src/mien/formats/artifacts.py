"""The artifacts of a job: one archive with the tables and the saved faces of every file.

<kind>-<index>-<name>/csv/<file path>/<model>.csv
<kind>-<index>-<name>/faces/<file path>/<person>/frame=<frame>.png
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from shutil import copyfileobj
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson

from mien.formats import Folder, Results
from mien.media.sources import name_of
from mien.types import FileSource, Source, UrlSource

LONGEST_NAME = 200
"""Bytes of a folder's name: file systems take 255."""

_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')  # what some file system does not take


def write_artifacts(results: Results, out: BinaryIO) -> None:
    """Write the archive, file by file. Each source has one folder, whatever its files are called.

    Equal results give equal bytes.
    """
    counts: Counter[str] = Counter()
    with ZipFile(out, "w") as archive:
        for source, folders in results:
            kind, name = _named(source)
            top = "-".join(filter(None, [kind, str(counts[kind]), *_fit(name)[-1:]]))
            counts[kind] += 1
            for folder, path in _with_paths(folders):
                for part in folder.paths():
                    sort, _, rest = part.partition("/")
                    if rest:
                        _add(archive, f"{top}/{sort}/{path}/{rest}", folder, part)


def _named(source: Source) -> tuple[str, str]:
    match source:
        case UrlSource(url):
            return "url", name_of(url)
        case FileSource(filename=name):
            return "file", name or ""
        case _:
            return "text", ""


def _with_paths(folders: Iterable[Folder]) -> Iterator[tuple[Folder, str]]:
    """Each file with its path in the archive. Two files never share one."""
    taken: set[str] = set()
    for folder in folders:
        with folder.read("problems.json") as file:
            path = "/".join(_fit(orjson.loads(file.read())["file"])) or "file"
        unique, number = path, 2
        while unique in taken:
            unique, number = f"{path}-{number}", number + 1
        taken.add(unique)
        yield folder, unique


def _fit(path: str) -> list[str]:
    """The parts of a path that a file system can take and that lead nowhere else."""
    parts = [_UNFIT.sub("_", part) for part in path.split("/")]
    return [_cut(part) for part in parts if part.strip(". ")]


def _cut(name: str) -> str:
    """A long name loses its middle: what it ends in says what it is."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    suffix = PurePosixPath(name).suffix[:20]
    stem = name.encode()[: LONGEST_NAME - len(suffix.encode())].decode(errors="ignore")
    return stem + suffix


def _add(archive: ZipFile, name: str, folder: Folder, path: str) -> None:
    info = ZipInfo(name)  # of 1980, so that equal artifacts are equal files
    info.create_system = 3  # on every machine, for the same reason
    info.external_attr = 0o644 << 16
    info.compress_type = ZIP_STORED if name.endswith(".png") else ZIP_DEFLATED
    with folder.read(path) as file, archive.open(info, "w", force_zip64=True) as entry:
        copyfileobj(file, entry)
