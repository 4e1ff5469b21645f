"""Faces that were to be saved: in a file, since a long film has thousands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from threading import Lock
from weakref import finalize

from mien.errors import StoreError

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

    def __reduce__(self) -> "tuple[Callable[[bytes], Crop], tuple[bytes]]":
        """Copied, or sent to another process, it is the face by itself."""
        return _alone, (self.png(),)


class Crops:
    """The saved faces of one file. What they are kept in goes with the last of them."""

    def __init__(self) -> None:
        # lives as long as the faces
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        finalize(self, self._file.close)
        self._lock = Lock()
        self._end = 0

    def keep(self, png: bytes) -> Crop:
        """Raises StoreError where the disk takes no more."""
        with self._lock:
            try:
                self._file.seek(self._end)
                self._file.write(png)
            except OSError as error:
                raise StoreError(f"a face could not be saved: {error.strerror or error}") from error
            crop = Crop(self, self._end, len(png))
            self._end += len(png)
        return crop

    def _read(self, begin: int, length: int) -> bytes:
        with self._lock:
            self._file.seek(begin)
            return self._file.read(length)


def _alone(png: bytes) -> Crop:
    return Crops().keep(png)
