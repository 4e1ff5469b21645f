"""Files of jobs in whatever fsspec reaches: a folder of this machine, S3, memory."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from shutil import move
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from mien.errors import StoreError

PARTIAL = ".partial-"
"""In the name of a file that is still being written. It is no key yet."""


class Files:
    """Plays `FileStore`. A folder of this machine is made when something is written to it.

    What lies in a local folder is on the disk (fsync) before it has its name: a loss of power leaves
    no file without its content.
    """

    def __init__(self, url: str) -> None:
        """`url` is a path, or one of fsspec: `s3://bucket/folder`.

        Raises:
            StoreError: fsspec knows no such place, or lacks the package that reaches it.
        """
        try:  # others write to the store too: what was listed a while ago says nothing
            self._fs, root = url_to_fs(url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise StoreError(f"the files of jobs cannot be kept there: {error}") from error
        self._root = root.rstrip("/")
        self._local = isinstance(self._fs, LocalFileSystem)

    def put(self, key: str, path: Path) -> None:
        with self._whole(key) as partial:
            if self._local:
                move(path, partial)  # renames within one file system
                with open(partial, "r+b") as file:  # Windows brings none to the disk that is only read
                    os.fsync(file.fileno())
            else:
                self._fs.put_file(str(path), partial)
                path.unlink()

    @contextmanager
    def write(self, key: str) -> Iterator[BinaryIO]:
        with self._whole(key) as partial:
            if self._local:
                with open(partial, "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
            else:
                with self._fs.open(partial, "wb") as file:
                    yield file

    @contextmanager
    def read(self, key: str) -> Iterator[BinaryIO]:
        with self._fs.open(self._path(key), "rb") as file:
            yield file

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if self._local:
            if not self._fs.isfile(path):
                raise FileNotFoundError(key)
            yield Path(path)
            return
        with TemporaryDirectory(prefix="mien-") as folder:
            copy = Path(folder) / "file"
            self._fs.get_file(path, str(copy))
            yield copy

    def keys(self, prefix: str) -> Iterator[str]:
        found = (path[len(self._root) + 1 :] for path in self._fs.find(self._path(prefix)))
        yield from sorted(key for key in found if PARTIAL not in key)

    def delete(self, prefix: str, *, but: Collection[str] = ()) -> None:
        kept = {self._path(key) for key in but}
        for path in self._below(prefix) if kept else [self._path(prefix)]:
            if path not in kept:
                self._remove(path)
                continue
            for below in self._fs.find(path):
                if PARTIAL in below:
                    self._remove(below)

    def folders(self, prefix: str) -> Iterator[str]:
        folders = (path for path in self._below(prefix) if self._fs.isdir(path))
        yield from sorted(path.rpartition("/")[2] for path in folders)

    def age(self, prefix: str) -> float:
        path = self._path(prefix)
        below = self._fs.find(path)
        times = [self._fs.modified(one) for one in ([*below, path] if self._local else below)]
        if not times:
            raise FileNotFoundError(prefix)
        return (datetime.now(UTC) - max(map(_in_utc, times))).total_seconds()

    def size(self) -> int:
        # as they are listed: elsewhere than on this machine, each file asked by itself is a request
        return sum(found["size"] or 0 for found in self._fs.find(self._root, detail=True).values())

    @contextmanager
    def _whole(self, key: str) -> Iterator[str]:
        """A path to write to, which becomes the file when nothing went wrong."""
        path = self._path(key)
        partial = f"{path}{PARTIAL}{token_hex(8)}"
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            yield partial
            if self._local:
                os.replace(partial, path)
            else:
                self._fs.mv(partial, path)
        except BaseException:
            with suppress(FileNotFoundError):
                self._fs.rm(partial)
            raise

    def _path(self, key: str) -> str:
        parts = key.split("/")
        if {"", ".", ".."} & {*parts} or "\\" in key or "\0" in key or PARTIAL in key:
            raise ValueError(f"not a key: {key!r}")
        return f"{self._root}/{key}"

    def _below(self, prefix: str) -> list[str]:
        try:
            return [str(path).rstrip("/") for path in self._fs.ls(self._path(prefix), detail=False)]
        except FileNotFoundError:
            return []

    def _remove(self, path: str) -> None:
        while self._fs.exists(path):
            with suppress(FileNotFoundError):  # somebody else is deleting it too: once more
                self._fs.rm(path, recursive=True)


def _in_utc(time: Any) -> datetime:
    moment: datetime = time
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
