"""Faces that were to be saved: in a file, since a long film has thousands."""

from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from threading import Lock

IN_MEMORY = 16 << 20
"""Bytes of one file's faces that are kept without a file."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One saved face."""

    _crops: "Crops" = field(repr=False)
    _begin: int
    _length: int

    def png(self) -> bytes:
        return self._crops._read(self._begin, self._length)


class Crops:
    """The saved faces of one file. What they are kept in goes with the last of them."""

    def __init__(self) -> None:
        # lives as long as the faces
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._lock = Lock()
        self._end = 0

    def keep(self, png: bytes) -> Crop:
        with self._lock:
            self._file.seek(self._end)
            self._file.write(png)
            crop = Crop(self, self._end, len(png))
            self._end += len(png)
        return crop

    def _read(self, begin: int, length: int) -> bytes:
        with self._lock:
            self._file.seek(begin)
            return self._file.read(length)
